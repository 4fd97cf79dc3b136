import type { Caller, FileType } from '../file-system.ts';
import { SeededRandom } from './seeded-random.ts';

/** What a program does to files, by path, as byte strings. Symlinks at the end of a path are not followed. */
export type Operation =
  | {
      readonly kind: 'create';
      readonly path: string;
      readonly mode: number;
      readonly how: 'guarded' | 'exclusive' | 'unchecked' | 'truncating';
    }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'append'; readonly path: string; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'read'; readonly path: string; readonly offset: number; readonly count: number }
  | { readonly kind: 'makeDirectory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'removeDirectory'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'makeSymlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'makeFifo'; readonly path: string; readonly mode: number }
  | { readonly kind: 'readLink'; readonly path: string }
  | { readonly kind: 'changeMode'; readonly path: string; readonly mode: number }
  | { readonly kind: 'changeOwner'; readonly path: string; readonly uid: number; readonly gid: number }
  | { readonly kind: 'setTimes'; readonly path: string; readonly accessed: number; readonly modified: number }
  | { readonly kind: 'list'; readonly path: string };

type Kind = Operation['kind'];

/** How often each operation is done, relative to the others. */
const weights: Record<Kind, number> = {
  create: 12,
  write: 14,
  append: 5,
  truncate: 6,
  read: 6,
  makeDirectory: 7,
  removeDirectory: 6,
  remove: 8,
  rename: 16,
  link: 5,
  makeSymlink: 3,
  makeFifo: 0.01,
  readLink: 1,
  changeMode: 5,
  changeOwner: 3,
  setTimes: 3,
  list: 2,
};
const weighted = (Object.keys(weights) as Kind[]).flatMap((kind) =>
  Array<Kind>(Math.round(weights[kind] * 100)).fill(kind),
);

const names = [
  'a',
  'b',
  'c',
  'd',
  'e',
  'src',
  'x.txt',
  // UTF-8, no UTF-8, and as long as can be.
  '\xc3\xa9',
  '\xff\xfe',
  'n'.repeat(255),
] as const;
const nameTooLong = 'n'.repeat(256);
const targets = ['a', 'b', 'src', './c', 'a/b', '.', 'nowhere', 'a//b/', 'd/./e'] as const;
const fileModes = [0o644, 0o666, 0o600, 0o755, 0o444, 0o000, 0o4755, 0o2755, 0o2664, 0o6777, 0o060, 0o006];
// A directory that is sticky and open to everybody is one for which kernels have rules of their own.
const directoryModes = [0o755, 0o777, 0o777, 0o700, 0o2775, 0o2755, 0o1775, 0o3770, 0o555, 0o711, 0o333, 0];
const depthMax = 6;
const recentMax = 40;

/** Sizes about which an implementation may change its mind. */
const edges = [0, 1, 10, 511, 512, 4096, 32_767, 32_768, 32_769, 40_960, 65_536, 131_072];
const rareEdges = [1_048_575, 1_048_576, 1_048_577, 1_500_000, 3 * 2 ** 19, 5 * 2 ** 30, 2 ** 42 - 5];
const edge = 2 ** 15;

/** Paths by their directories. */
type Groups = readonly (readonly string[])[];

/** Invents operations, mostly on what there is. */
export class OperationSource {
  readonly #random: SeededRandom;
  readonly #callers: readonly Caller[];
  /** What there is, by directory, so that a large one is not chosen more often than a small one. */
  #files: Groups = [];
  #directories: Groups = [];
  #recent: string[] = [];

  constructor(random: SeededRandom, callers: readonly Caller[]) {
    this.#random = random;
    this.#callers = callers;
  }

  /** Tells it which files there are. */
  know(files: ReadonlyMap<string, FileType>): void {
    const paths = [...files.keys()];
    this.#files = grouped(paths.filter((path) => files.get(path) !== 'directory'));
    this.#directories = grouped(paths.filter((path) => files.get(path) === 'directory'));
  }

  next(): { operation: Operation; caller: Caller } {
    const random = this.#random;
    const operation = this.#operation(random.pick(weighted));
    this.#remember(operation.path);
    if ('to' in operation) this.#remember(operation.to);
    const caller = random.chance(0.6) ? this.#callers[0]! : random.pick(this.#callers);
    return { operation, caller };
  }

  #remember(path: string): void {
    this.#recent.push(path);
    if (this.#recent.length > recentMax) this.#recent = this.#recent.slice(recentMax / 2);
  }

  #operation(kind: Kind): Operation {
    const random = this.#random;
    const path = this.#subject(kind);
    switch (kind) {
      case 'create': {
        const how = random.pick(['guarded', 'exclusive', 'unchecked', 'truncating'] as const);
        const mode = random.chance(0.5) ? 0o644 : random.pick(fileModes);
        // Over NFS an exclusive create and the change of mode are two calls, with rules of their own for set-id bits.
        return { kind, path, how, mode: how === 'exclusive' ? mode & 0o777 : mode };
      }
      case 'write':
        return { kind, path, offset: this.#position(), bytes: this.#bytes() };
      case 'append':
        return { kind, path, bytes: this.#bytes() };
      case 'truncate':
        return { kind, path, size: this.#position() };
      case 'read':
        return { kind, path, offset: this.#position(), count: 1 + this.#length() };
      case 'makeDirectory':
        return { kind, path, mode: this.#directoryMode() };
      case 'makeFifo':
        return { kind, path, mode: 0o644 };
      case 'rename':
      case 'link':
        return { kind, path, to: random.chance(0.6) ? this.#newPath() : this.#path() };
      case 'makeSymlink':
        return { kind, path, target: random.pick(targets) };
      case 'changeMode':
        return {
          kind,
          path,
          mode: random.chance(0.5) ? this.#directoryMode() : random.pick(fileModes) & ~0o1000,
        };
      case 'changeOwner': {
        const [uid, gid] = [random.pick([-1, ...this.#uids()]), random.pick([-1, ...this.#gids()])];
        return { kind, path, uid, gid: uid === -1 && gid === -1 ? this.#gids()[0]! : gid };
      }
      case 'setTimes':
        return { kind, path, accessed: random.below(2 ** 31), modified: random.below(2 ** 31) };
      default:
        return { kind, path };
    }
  }

  #uids(): number[] {
    return this.#callers.map(({ uid }) => uid);
  }

  #gids(): number[] {
    return this.#callers.flatMap(({ gid, groups }) => [gid, ...groups]);
  }

  #directoryMode(): number {
    return this.#random.chance(0.6) ? 0o755 : this.#random.pick(directoryModes);
  }

  /** A path on which the operation is likely to do something. */
  #subject(kind: Kind): string {
    const random = this.#random;
    if (random.chance(0.3)) return this.#path();
    if (kind.startsWith('make') || (kind === 'create' && random.chance(0.7))) return this.#newPath();
    if (kind === 'removeDirectory') return this.#known(this.#directories);
    const isOfAnyType = ['rename', 'changeMode', 'changeOwner', 'setTimes'].includes(kind);
    return isOfAnyType ? this.#path() : this.#known(this.#files);
  }

  #path(): string {
    const known = this.#known(this.#random.chance(0.5) ? this.#files : this.#directories);
    return this.#random.chance(0.6) ? known : this.#below(known);
  }

  #newPath(): string {
    return this.#below(this.#known(this.#directories));
  }

  #below(known: string): string {
    const random = this.#random;
    const name = random.chance(0.01) ? nameTooLong : random.pick(names);
    const isInRoot = random.chance(0.15) || known === '' || known.split('/').length >= depthMax;
    return isInRoot ? name : `${known}/${name}`;
  }

  #known(groups: Groups): string {
    const random = this.#random;
    if (this.#recent.length > 0 && (groups.length === 0 || random.chance(0.2)))
      return random.pick(this.#recent);
    return groups.length === 0 ? random.pick(names) : random.pick(random.pick(groups));
  }

  #position(): number {
    const random = this.#random;
    if (random.chance(0.02)) return random.pick(rareEdges);
    if (random.chance(0.1)) return random.below(2 ** 21);
    return random.chance(0.5) ? random.pick(edges) : random.below(2 * edge);
  }

  #length(): number {
    const random = this.#random;
    if (random.chance(0.01)) return random.below(2 ** 18);
    return random.chance(0.2) ? random.below(2 * edge) : random.below(100);
  }

  #bytes(): Buffer {
    return filling(this.#random.below(2 ** 31), this.#length());
  }
}

function grouped(paths: readonly string[]): Groups {
  return [...Map.groupBy(paths, (path) => path.slice(0, Math.max(path.lastIndexOf('/'), 0))).values()];
}

/** `length` bytes that depend on `seed`. */
export function filling(seed: number, length: number): Buffer {
  const random = new SeededRandom(seed);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(random.below(2 ** 32), at);
  for (let at = length & ~3; at < length; at++) bytes[at] = random.below(256);
  return bytes;
}

/** An operation in a line, for whoever has to find out what went wrong. */
export function describeOperation({ kind, ...rest }: Operation, { uid }: Caller): string {
  const parts = Object.entries(rest).map(([key, value]) => {
    if (value instanceof Buffer) return `${key} ${value.length} bytes`;
    if (key === 'mode') return `mode ${Number(value).toString(8)}`;
    const text = String(value);
    return `${key} ${text.length > 80 ? `${text.slice(0, 60)}… (${text.length})` : JSON.stringify(text)}`;
  });
  return `${kind} ${parts.join(', ')} as ${uid}`;
}
