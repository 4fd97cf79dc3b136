import { ReadObject } from '../content-etag.ts';
import type {
  ByteRange,
  BytesCheck,
  ETag,
  ListOptions,
  ObjectInfo,
  ObjectKey,
  ObjectStore,
  StoredObject,
  SweepOptions,
  WriteOutcome,
} from '../object-store.ts';
import type { StoreName } from './peer-request.ts';
import type { Peers } from './peers.ts';

export interface PeerStoreOptions {
  /** True for keys whose objects never change. Peers are asked for no others. */
  readonly isImmutable: (key: ObjectKey) => boolean;
  readonly peers: Peers;
  readonly name: StoreName;
}

/** Asks peers before the store, for immutable objects whose reader can check what it gets. */
export class PeerStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #options: PeerStoreOptions;

  constructor(inner: ObjectStore, options: PeerStoreOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  async get(key: ObjectKey, range?: ByteRange, check?: BytesCheck): Promise<StoredObject | undefined> {
    const { isImmutable, peers, name } = this.#options;
    const isEmpty = range !== undefined && range.start === range.end;
    if (check !== undefined && !isEmpty && isImmutable(key)) {
      const found = await peers.find({ store: name, key, range }, check);
      if (found !== undefined) return new ReadObject(found);
    }
    return this.#inner.get(key, range, check);
  }

  put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    return this.#inner.put(key, bytes);
  }

  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#inner.putIfAbsent(key, bytes);
  }

  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#inner.compareAndSwap(key, bytes, expected);
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
    return this.#inner.delete(key);
  }
}
