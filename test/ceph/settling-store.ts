import { setTimeout as delay } from 'node:timers/promises';
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

const attemptsMax = 50;

/**
 * For tests in which no two writers write the same bytes: finds out how a conditional write ended that is `unknown`, by
 * looking whether its bytes are there, and sends it again where nothing is. Documents have a nonce for this.
 */
export class SettlingStore implements ObjectStore {
  readonly #inner: ObjectStore;

  constructor(inner: ObjectStore) {
    this.#inner = inner;
  }

  get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    return this.#inner.get(key, range);
  }

  put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    return this.#inner.put(key, bytes);
  }

  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#settled(key, bytes, undefined, () => this.#inner.putIfAbsent(key, bytes));
  }

  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#settled(key, bytes, expected, () => this.#inner.compareAndSwap(key, bytes, expected));
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    return this.#inner.list(prefix, options);
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#inner.delete(key);
  }

  async #settled(
    key: ObjectKey,
    bytes: Uint8Array,
    expected: ETag | undefined,
    write: () => Promise<WriteOutcome>,
  ): Promise<WriteOutcome> {
    let wasUnknown = false;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const result = await write();
      if (result.outcome === 'stored' || (result.outcome === 'refused' && !wasUnknown)) return result;
      wasUnknown = true;
      const current = await this.#inner.get(key);
      if (current !== undefined && Buffer.from(bytes).equals(current.bytes)) {
        return { outcome: 'stored', etag: current.etag };
      }
      if (current?.etag !== expected) return { outcome: 'refused' };
      await delay(5);
    }
    throw new Error(`"${key}" was not written in ${attemptsMax} attempts.`);
  }
}
