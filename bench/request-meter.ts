import type {
  ByteRange,
  BytesCheck,
  ETag,
  ListOptions,
  ObjectInfo,
  ObjectKey,
  ObjectStore,
  StoredObject,
  WriteOutcome,
} from '../src/storage/object-store.ts';

/** What a piece of work asked of a store: how many operations, and how long at least one was under way, in ms. */
export interface RequestsMeasured {
  readonly requests: number;
  readonly waitedMs: number;
}

/** Measures the time in which a remote store is at work, the library that speaks to it included. */
export class MeteredStore implements ObjectStore {
  readonly #inner: ObjectStore;
  #underWay = 0;
  #since = 0;
  #requests = 0;
  #waitedMs = 0;

  constructor(inner: ObjectStore) {
    this.#inner = inner;
  }

  /** What was asked since the last time. */
  take(): RequestsMeasured {
    const measured = { requests: this.#requests, waitedMs: this.#waitedMs };
    [this.#requests, this.#waitedMs] = [0, 0];
    return measured;
  }

  get(key: ObjectKey, range?: ByteRange, check?: BytesCheck): Promise<StoredObject | undefined> {
    return this.#during(() => this.#inner.get(key, range, check));
  }

  put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    return this.#during(() => this.#inner.put(key, bytes));
  }

  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#during(() => this.#inner.putIfAbsent(key, bytes));
  }

  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#during(() => this.#inner.compareAndSwap(key, bytes, expected));
  }

  async *list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    yield* await this.#during(() => Array.fromAsync(this.#inner.list(prefix, options)));
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#during(() => this.#inner.delete(key));
  }

  async #during<T>(request: () => Promise<T>): Promise<T> {
    this.#requests++;
    if (this.#underWay++ === 0) this.#since = performance.now();
    try {
      return await request();
    } finally {
      if (--this.#underWay === 0) this.#waitedMs += performance.now() - this.#since;
    }
  }
}
