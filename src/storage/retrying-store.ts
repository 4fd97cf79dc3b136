import { hasCode } from '../base/error.ts';
import type { Random } from '../base/random.ts';
import type { Backoff, Sleep } from './backoff.ts';
import { backoffMs } from './backoff.ts';
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
} from './object-store.ts';

export interface RetryingStoreOptions {
  readonly random: Random;
  readonly sleep: Sleep;
  /** How often an operation is tried in all while the store has never answered; 6 unless told otherwise. */
  readonly attemptsMax?: number;
  /** … and once it has: 12 unless told otherwise, which with the backoff waits for it about a quarter of a minute. */
  readonly attemptsMaxOnceAnswered?: number;
  /** 100 ms doubling to 5 s unless told otherwise. */
  readonly backoff?: Backoff;
}

const attemptsMaxDefault = 6;
const attemptsMaxOnceAnsweredDefault = 12;

/**
 * Repeats what failed with `storage/unavailable`, where repeating is harmless: reads, lists, `put` and `delete`. A store
 * that never answered may well be the wrong one, and whoever asked should soon hear of it; one that did will be back.
 * Conditional writes go through once. Whether one of them happened is for its caller to find out (`document.ts`).
 */
export class RetryingStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #random: Random;
  readonly #sleep: Sleep;
  readonly #attemptsMax: number;
  readonly #attemptsMaxOnceAnswered: number;
  readonly #backoff: Backoff;
  #hasAnswered = false;

  constructor(inner: ObjectStore, options: RetryingStoreOptions) {
    this.#inner = inner;
    this.#random = options.random;
    this.#sleep = options.sleep;
    this.#attemptsMax = options.attemptsMax ?? attemptsMaxDefault;
    this.#attemptsMaxOnceAnswered = Math.max(
      options.attemptsMaxOnceAnswered ?? attemptsMaxOnceAnsweredDefault,
      this.#attemptsMax,
    );
    this.#backoff = options.backoff ?? { firstMs: 100, maxMs: 5000 };
  }

  get(key: ObjectKey, range?: ByteRange, check?: BytesCheck): Promise<StoredObject | undefined> {
    return this.#repeating(() => this.#inner.get(key, range, check));
  }

  put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    return this.#repeating(() => this.#inner.put(key, bytes));
  }

  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#inner.putIfAbsent(key, bytes);
  }

  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#inner.compareAndSwap(key, bytes, expected);
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ObjectInfo> {
    let { after } = options;
    let failures = 0;
    for (;;) {
      try {
        for await (const info of this.#inner.list(prefix, after === undefined ? {} : { after })) {
          yield info;
          after = info.key;
          failures = 0;
          this.#hasAnswered = true;
        }
        this.#hasAnswered = true;
        return;
      } catch (error) {
        await this.#pauseAfter(error, ++failures);
      }
    }
  }

  inTurn<T>(key: ObjectKey, work: () => Promise<T>): Promise<T> {
    return this.#inner.inTurn?.(key, work) ?? work();
  }

  sweep(prefix: string, options: SweepOptions): Promise<number> {
    return this.#repeating(async () => (await this.#inner.sweep?.(prefix, options)) ?? 0);
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#repeating(() => this.#inner.delete(key));
  }

  async #repeating<T>(operation: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; ) {
      try {
        const result = await operation();
        this.#hasAnswered = true;
        return result;
      } catch (error) {
        await this.#pauseAfter(error, ++failures);
      }
    }
  }

  /** Waits before the next attempt, or throws `error` where there is to be none. */
  async #pauseAfter(error: unknown, failures: number): Promise<void> {
    const attemptsMax = this.#hasAnswered ? this.#attemptsMaxOnceAnswered : this.#attemptsMax;
    if (!hasCode(error, 'storage/unavailable') || failures >= attemptsMax) throw error;
    await this.#sleep(backoffMs(this.#random, this.#backoff, failures - 1));
  }
}
