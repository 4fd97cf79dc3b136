import { ReadObject } from './content-etag.ts';
import type { DiskCache } from './disk-cache.ts';
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

export interface DiskCachedStoreOptions {
  /** True for keys whose objects never change. Only those are kept. */
  readonly isImmutable: (key: ObjectKey) => boolean;
  readonly cache: DiskCache;
  /** Told of a cache that cannot be read or written. The store goes on without it. */
  readonly onProblem: (problem: Error) => void;
}

/**
 * Keeps immutable objects, and ranges of them, that were read from a remote store in a local directory. A file there
 * that is damaged counts as missing and is removed; none is flushed, since all can be read again. An object that
 * another process deletes may be served until its file is evicted.
 */
export class DiskCachedStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #isImmutable: (key: ObjectKey) => boolean;
  readonly #onProblem: (problem: Error) => void;
  readonly #cache: DiskCache;

  constructor(inner: ObjectStore, options: DiskCachedStoreOptions) {
    this.#inner = inner;
    this.#isImmutable = options.isImmutable;
    this.#onProblem = options.onProblem;
    this.#cache = options.cache;
  }

  async get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    if (!this.#isImmutable(key)) return this.#inner.get(key, range);
    const kept = await this.#guarded(() => this.#cache.read(key, range));
    if (kept !== undefined) return new ReadObject(kept);
    const object = await this.#inner.get(key, range);
    if (object !== undefined) await this.#guarded(() => this.#cache.write(key, range, object.bytes));
    return object;
  }

  put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    return this.#forgetting(key, () => this.#inner.put(key, bytes));
  }

  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#forgetting(key, () => this.#inner.putIfAbsent(key, bytes));
  }

  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#forgetting(key, () => this.#inner.compareAndSwap(key, bytes, expected));
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    return this.#inner.list(prefix, options);
  }

  inTurn<T>(key: ObjectKey, work: () => Promise<T>): Promise<T> {
    return this.#inner.inTurn?.(key, work) ?? work();
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#forgetting(key, () => this.#inner.delete(key));
  }

  /** Runs a write and forgets what was kept of its object, however it ends. */
  async #forgetting<T>(key: ObjectKey, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } finally {
      if (this.#isImmutable(key)) await this.#guarded(() => this.#cache.forget(key));
    }
  }

  /** Runs something on the cache, without which the store can do. */
  async #guarded<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      this.#onProblem(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }
}
