import { LRUCache } from 'lru-cache';
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

export interface CachedStoreOptions {
  /** True for keys whose objects never change. Only those are kept. */
  readonly isImmutable: (key: ObjectKey) => boolean;
  /** How much memory the kept objects may take, in bytes. */
  readonly bytesMax: number;
}

/** What keeping an object takes besides its bytes, roughly. */
const entryBytes = 256;

/**
 * Keeps the immutable objects that were read last in memory. Several who ask for the same object at once wait for one
 * read. Ranges of a kept object come from memory; others are read, and not kept. An object that another process
 * deletes may be served until it is forgotten here.
 */
export class CachedStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #isImmutable: (key: ObjectKey) => boolean;
  readonly #kept: LRUCache<ObjectKey, StoredObject>;
  readonly #reads = new Map<ObjectKey, Promise<StoredObject | undefined>>();

  constructor(inner: ObjectStore, { isImmutable, bytesMax }: CachedStoreOptions) {
    this.#inner = inner;
    this.#isImmutable = isImmutable;
    this.#kept = new LRUCache({
      maxSize: bytesMax,
      sizeCalculation: (object) => object.bytes.length + entryBytes,
    });
  }

  async get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    if (!this.#isImmutable(key)) return this.#inner.get(key, range);
    const kept = this.#kept.get(key);
    if (range === undefined) return kept ?? this.#readOnce(key);
    const whole = kept ?? (await this.#reads.get(key));
    return whole === undefined ? this.#inner.get(key, range) : partOf(whole, range);
  }

  async put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    return this.#forgetting(key, () => this.#inner.put(key, bytes));
  }

  async putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#forgetting(key, () => this.#inner.putIfAbsent(key, bytes));
  }

  async compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#forgetting(key, () => this.#inner.compareAndSwap(key, bytes, expected));
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    return this.#inner.list(prefix, options);
  }

  inTurn<T>(key: ObjectKey, work: () => Promise<T>): Promise<T> {
    return this.#inner.inTurn?.(key, work) ?? work();
  }

  async delete(key: ObjectKey): Promise<void> {
    return this.#forgetting(key, () => this.#inner.delete(key));
  }

  #readOnce(key: ObjectKey): Promise<StoredObject | undefined> {
    const underWay = this.#reads.get(key);
    if (underWay !== undefined) return underWay;
    const read = this.#readAndKeep(key, () => this.#reads.get(key) === read);
    this.#reads.set(key, read);
    return read;
  }

  /** Reads an object and keeps it, if it `isCurrent` still: a write in between makes a read forgotten. */
  async #readAndKeep(key: ObjectKey, isCurrent: () => boolean): Promise<StoredObject | undefined> {
    try {
      const object = await this.#inner.get(key);
      if (object !== undefined && isCurrent()) this.#kept.set(key, object);
      return object;
    } finally {
      if (isCurrent()) this.#reads.delete(key);
    }
  }

  /** Runs a write and forgets what was known of its object, however it ends. */
  async #forgetting<T>(key: ObjectKey, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } finally {
      this.#kept.delete(key);
      this.#reads.delete(key);
    }
  }
}

function partOf(object: StoredObject, { start, end }: ByteRange): StoredObject {
  return { bytes: object.bytes.subarray(start, end), etag: object.etag };
}
