import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { etagOf } from './content-etag.ts';
import type {
  ByteRange,
  ETag,
  ListOptions,
  ObjectInfo,
  ObjectKey,
  ObjectStore,
  StoredObject,
  WriteOutcome,
} from './object-store.ts';
import { keyConflict, parseKey } from './object-store.ts';

interface MemoryObject {
  readonly bytes: Uint8Array;
  readonly etag: ETag;
  readonly modifiedMs: number;
}

/** An object store that lives as long as its process: for tests, and for trying things out. */
export class MemoryStore implements ObjectStore {
  readonly #clock: Clock;
  readonly #objects = new Map<ObjectKey, MemoryObject>();
  /** How many objects lie below each folder. */
  readonly #folders = new Map<string, number>();
  /** The keys in order; undefined when they have changed since. Keys are ASCII, so code units sort as bytes do. */
  #sorted: readonly ObjectKey[] | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    const object = this.#objects.get(parseKey(key));
    if (object === undefined || range === undefined) return object;
    return { bytes: object.bytes.subarray(range.start, range.end), etag: object.etag };
  }

  async put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    this.#set(parseKey(key), bytes);
  }

  async putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    if (this.#objects.has(parseKey(key))) return { outcome: 'refused' };
    return { outcome: 'stored', etag: this.#set(key, bytes) };
  }

  async compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    if (this.#objects.get(parseKey(key))?.etag !== expected) return { outcome: 'refused' };
    return { outcome: 'stored', etag: this.#set(key, bytes) };
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ObjectInfo> {
    this.#sorted ??= [...this.#objects.keys()].sort();
    const keys = this.#sorted;
    const { after } = options;
    for (let at = firstNotBelow(keys, prefix); at < keys.length; at++) {
      const key = keys[at]!;
      if (!key.startsWith(prefix)) return;
      const object = this.#objects.get(key);
      if (object === undefined || (after !== undefined && key <= after)) continue;
      yield { key, size: object.bytes.length, modifiedMs: object.modifiedMs };
    }
  }

  async delete(key: ObjectKey): Promise<void> {
    if (!this.#objects.delete(parseKey(key))) return;
    this.#sorted = undefined;
    for (const folder of foldersOf(key)) {
      const count = this.#folders.get(folder)! - 1;
      if (count === 0) this.#folders.delete(folder);
      else this.#folders.set(folder, count);
    }
  }

  #set(key: ObjectKey, bytes: Uint8Array): ETag {
    const etag = etagOf(bytes);
    if (!this.#objects.has(key)) this.#add(key);
    this.#objects.set(key, { bytes: Uint8Array.from(bytes), etag, modifiedMs: this.#clock.now() });
    return etag;
  }

  #add(key: ObjectKey): void {
    const folders = [...foldersOf(key)];
    if (this.#folders.has(key) || folders.some((folder) => this.#objects.has(folder))) throw keyConflict(key);
    for (const folder of folders) this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1);
    this.#sorted = undefined;
  }
}

function* foldersOf(key: ObjectKey): Generator<ObjectKey> {
  for (let slash = key.lastIndexOf('/'); slash > 0; slash = key.lastIndexOf('/', slash - 1)) {
    yield key.slice(0, slash) as ObjectKey;
  }
}

/** Where the first key stands that is not below `text`. */
function firstNotBelow(keys: readonly ObjectKey[], text: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
