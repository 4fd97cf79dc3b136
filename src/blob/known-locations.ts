import { LRUCache } from 'lru-cache';
import type { Hash } from '../base/hash.ts';
import type { ReferenceLocations } from './location-hints.ts';
import type { Location } from './pack-index.ts';

/** Some 200 bytes each: about what the files and the nodes of 1,000 leaves take. */
const locationsMax = 128 * 1024;

/**
 * Where objects are said to lie, by hints that were met in reading; the last that were learned or asked for. Only
 * advice: a pack may have gone since.
 */
export class KnownLocations {
  /** By size, since a cache with a `max` takes the memory for all of it, and 20 ms, at once. */
  readonly #locations = new LRUCache<Hash, Location>({ maxSize: locationsMax, sizeCalculation: () => 1 });

  /** Takes in where `hashes` are, in the same order. Nothing, when it is not about as many. */
  learn(hashes: readonly Hash[], locations: ReferenceLocations): void {
    if (hashes.length !== locations.length) return;
    for (const [index, hash] of hashes.entries()) {
      const location = locations[index];
      if (location !== undefined) this.#locations.set(hash, location);
    }
  }

  get(hash: Hash): Location | undefined {
    return this.#locations.get(hash);
  }

  forget(hash: Hash): void {
    this.#locations.delete(hash);
  }
}
