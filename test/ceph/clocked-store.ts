import type { Clock } from '../../src/base/clock.ts';
import type {
  ByteRange,
  ETag,
  ListOptions,
  ObjectInfo,
  ObjectKey,
  ObjectStore,
  StoredObject,
  WriteOutcome,
} from '../../src/storage/object-store.ts';

/** For tests that move their clock: objects are as old as that clock says. */
export class ClockedStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #clock: Clock;
  readonly #writtenMs = new Map<ObjectKey, number>();

  constructor(inner: ObjectStore, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    return this.#inner.get(key, range);
  }

  async put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    await this.#inner.put(key, bytes);
    this.#writtenMs.set(key, this.#clock.now());
  }

  async putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#noted(key, await this.#inner.putIfAbsent(key, bytes));
  }

  async compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#noted(key, await this.#inner.compareAndSwap(key, bytes, expected));
  }

  async *list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    for await (const info of this.#inner.list(prefix, options)) {
      yield { ...info, modifiedMs: this.#writtenMs.get(info.key) ?? info.modifiedMs };
    }
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#inner.delete(key);
  }

  #noted(key: ObjectKey, result: WriteOutcome): WriteOutcome {
    if (result.outcome !== 'refused') this.#writtenMs.set(key, this.#clock.now());
    return result;
  }
}
