import type { Hash } from '../../base/hash.ts';
import type { FileContent } from '../../blob/file.ts';
import { ContentCache } from '../content-cache.ts';
import type { FileSystem } from '../file-system.ts';
import { NotResident } from '../file-system-error.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A cache that says of what it has that it has to be fetched, now and then. Nobody need wait for it. */
export class ForgetfulCache extends ContentCache {
  readonly #random: SeededRandom;
  readonly #probability: number;

  constructor({ blobs, nodes }: ContentCache, random: SeededRandom, probability: number) {
    super(blobs, forgetfulNodes(nodes, random, probability) as ContentCache['nodes']);
    this.#random = random;
    this.#probability = probability;
  }

  override read(file: FileContent, start: number, end: number): Buffer[] {
    if (this.#random.chance(this.#probability)) throw new NotResident(Promise.resolve());
    return super.read(file, start, end);
  }
}

function forgetfulNodes(
  nodes: ContentCache['nodes'],
  random: SeededRandom,
  probability: number,
): Pick<ContentCache['nodes'], 'node' | 'prefetch'> {
  return {
    prefetch: (hashes: readonly Hash[]) => nodes.prefetch(hashes),
    node: (hash: Hash) => {
      const node = nodes.node(hash);
      return random.chance(probability) ? Promise.resolve(node) : node;
    },
  };
}

/**
 * Calls again at once whatever was not in memory: it is, a forgetful cache only said so. Except listings: what they have
 * handed out by then has to be forgotten (`listWindow`).
 */
export function persistent(fileSystem: FileSystem): FileSystem {
  return new Proxy(fileSystem, {
    get(target, property) {
      const value = Reflect.get(target, property, target);
      if (property === 'list') return value.bind(target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        for (;;) {
          try {
            return value.apply(target, args);
          } catch (error) {
            if (!(error instanceof NotResident)) throw error;
          }
        }
      };
    },
  });
}
