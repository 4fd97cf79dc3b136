import type { Clock } from '../../src/base/clock.ts';
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
} from '../../src/storage/object-store.ts';

/** Time that goes faster, the same for all processes of a test: from `startMs` on, `speed` ms in a real one. */
export interface FastTime {
  readonly startMs: number;
  readonly speed: number;
}

/** What the time of this machine, or of a server, is in fast time; both are ms since the epoch. */
function inFastTime({ startMs, speed }: FastTime, realMs: number): number {
  return startMs + (realMs - startMs) * speed;
}

/** A clock that shows fast time. */
export function fastClock(time: FastTime): Clock {
  return { now: () => inFastTime(time, Date.now()) };
}

/** A store whose objects are as old as fast time says. */
export class FastStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #time: FastTime;

  constructor(inner: ObjectStore, time: FastTime) {
    this.#inner = inner;
    this.#time = time;
  }

  get(key: ObjectKey, range?: ByteRange, check?: BytesCheck): Promise<StoredObject | undefined> {
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

  async *list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    for await (const info of this.#inner.list(prefix, options))
      yield { ...info, modifiedMs: inFastTime(this.#time, info.modifiedMs) };
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#inner.delete(key);
  }
}
