import type { Clock } from '../base/clock.ts';
import { systemCode } from '../base/system-error.ts';
import { ReadObject } from './content-etag.ts';
import type { DiskCache } from './disk-cache.ts';
import {
  type ByteRange,
  type BytesCheck,
  type ETag,
  type ListOptions,
  type ObjectInfo,
  type ObjectKey,
  type ObjectStore,
  StorageError,
  type StoredObject,
  type SweepOptions,
  type WriteOutcome,
} from './object-store.ts';

export interface DiskCachedStoreOptions {
  /** True for keys whose objects never change. Only those are kept. */
  readonly isImmutable: (key: ObjectKey) => boolean;
  readonly cache: DiskCache;
  /** What the names of this store's objects begin with in the cache, which several stores may share. */
  readonly cachePrefix: string;
  readonly clock: Clock;
  /** Told of a cache that cannot be read or written, once for each reason. The store goes on without it. */
  readonly onProblem: (problem: Error) => void;
}

/** How long nothing is written after the disk did not take something, in ms. */
const writePauseMs = 60_000;
/** What this process writes is kept as well, up to this many bytes: small packs are read again soon. */
const keptWriteBytesMax = 1024 * 1024;

/**
 * Keeps immutable objects, and ranges of them, in a local directory, for readers who can check what they get: those
 * who cannot, such as "fsck", mean the store itself. A file there that is damaged counts as missing and is removed; none
 * is flushed, since all can be read again. An object that another process deletes may be served until its file is evicted.
 */
export class DiskCachedStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #options: DiskCachedStoreOptions;
  readonly #told = new Set<string>();
  #writeAgainMs = Number.NEGATIVE_INFINITY;

  constructor(inner: ObjectStore, options: DiskCachedStoreOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  async get(key: ObjectKey, range?: ByteRange, check?: BytesCheck): Promise<StoredObject | undefined> {
    if (check === undefined || !this.#options.isImmutable(key)) return this.#inner.get(key, range, check);
    const kept = await this.#guarded('read', () => this.#options.cache.read(this.#nameOf(key), range, check));
    if (kept !== undefined) return new ReadObject(kept);
    const object = await this.#inner.get(key, range, check);
    if (object !== undefined) await this.#keep(key, range, object.bytes);
    return object;
  }

  async put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    await this.#forgetting(key, () => this.#inner.put(key, bytes));
    if (this.#options.isImmutable(key) && bytes.length <= keptWriteBytesMax) {
      await this.#keep(key, undefined, bytes);
    }
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

  async sweep(prefix: string, options: SweepOptions): Promise<number> {
    return (await this.#inner.sweep?.(prefix, options)) ?? 0;
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#forgetting(key, () => this.#inner.delete(key));
  }

  #nameOf(key: ObjectKey): string {
    return this.#options.cachePrefix + key;
  }

  /** Keeps bytes, unless the disk has just refused to. */
  async #keep(key: ObjectKey, range: ByteRange | undefined, bytes: Uint8Array): Promise<void> {
    const { cache, clock } = this.#options;
    if (clock.now() < this.#writeAgainMs) return;
    await this.#guarded('write', () => cache.write(this.#nameOf(key), range, bytes));
  }

  /** Runs a write and forgets what was kept of its object, however it ends. */
  async #forgetting<T>(key: ObjectKey, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } finally {
      if (this.#options.isImmutable(key)) {
        await this.#guarded('write', () => this.#options.cache.forget(this.#nameOf(key)));
      }
    }
  }

  /** Runs something on the cache, without which the store can do. */
  async #guarded<T>(verb: 'read' | 'write', action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (verb === 'write') this.#writeAgainMs = this.#options.clock.now() + writePauseMs;
      this.#tell(verb, error);
      return undefined;
    }
  }

  #tell(verb: 'read' | 'write', error: unknown): void {
    const { cache, onProblem } = this.#options;
    const reason = systemCode(error) ?? String(error);
    if (this.#told.has(`${verb} ${reason}`)) return;
    this.#told.add(`${verb} ${reason}`);
    onProblem(
      new StorageError(
        'storage/unavailable',
        `The cache "${cache.directory}" cannot be ${verb === 'read' ? 'read' : 'written'} (${reason}). Everything works without it, more slowly. Look at the free space and the permissions there.`,
        { cause: error },
      ),
    );
  }
}
