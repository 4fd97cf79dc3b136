import type {
  ByteRange,
  ETag,
  ListOptions,
  ObjectInfo,
  ObjectKey,
  ObjectStore,
  StoredObject,
  WriteOutcome,
} from '../../storage/object-store.ts';
import type { Schedule } from './schedule.ts';

/** A listing may be so many keys behind what others do meanwhile. */
const keysAtOnce = 2;

/** The store as one process of a schedule sees it: each call, and each return from one, waits for its turn. */
export class ScheduledStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #schedule: Schedule;
  readonly #actor: string;

  constructor(inner: ObjectStore, schedule: Schedule, actor: string) {
    this.#inner = inner;
    this.#schedule = schedule;
    this.#actor = actor;
  }

  get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    return this.#inTurn(`reads ${short(key)}`, () => this.#inner.get(key, range));
  }

  put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    return this.#inTurn(`writes ${short(key)}`, () => this.#inner.put(key, bytes));
  }

  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#inTurn(`creates ${short(key)}`, () => this.#inner.putIfAbsent(key, bytes));
  }

  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#inTurn(`swaps ${short(key)}`, () => this.#inner.compareAndSwap(key, bytes, expected));
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ObjectInfo> {
    let { after } = options;
    for (;;) {
      const page = await this.#inTurn(`lists ${short(prefix)}`, () => this.#page(prefix, after));
      yield* page;
      if (page.length < keysAtOnce) return;
      after = page.at(-1)!.key;
    }
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#inTurn(`deletes ${short(key)}`, () => this.#inner.delete(key));
  }

  async #page(prefix: string, after: string | undefined): Promise<ObjectInfo[]> {
    const page: ObjectInfo[] = [];
    for await (const info of this.#inner.list(prefix, after === undefined ? {} : { after })) {
      page.push(info);
      if (page.length === keysAtOnce) break;
    }
    return page;
  }

  async #inTurn<T>(label: string, act: () => Promise<T>): Promise<T> {
    await this.#schedule.point(this.#actor, 'call', label);
    const result = await act();
    await this.#schedule.point(this.#actor, 'answer', label);
    return result;
  }
}

function short(key: string): string {
  return key.split('/').slice(-2).join('/').slice(0, 18);
}
