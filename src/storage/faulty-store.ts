import type {
  ByteRange,
  ETag,
  ListOptions,
  ObjectInfo,
  ObjectKey,
  ObjectStore,
  StoredObject,
  SweepOptions,
  WriteOutcome,
} from './object-store.ts';
import { StorageError } from './object-store.ts';

/**
 * What goes wrong in one operation:
 * - `refuse-service`: nothing happens, and it throws `storage/unavailable`.
 * - `lose-request`, `lose-answer`: the connection breaks before or after it happened. A conditional write ends
 *   `unknown`, all else throws `storage/unavailable`.
 * - `crash-before`, `crash-after`: as if the process died then: `SimulatedCrash` is thrown, also by all that follows.
 * - `stall`: it waits until `release()`, then happens.
 */
export type Fault =
  | 'refuse-service'
  | 'lose-request'
  | 'lose-answer'
  | 'crash-before'
  | 'crash-after'
  | 'stall';

export interface FaultyStoreOptions {
  /** Crashes at this operation (1 is the first). */
  readonly crashAt?: number;
  /** Whether the operation of `crashAt` still happens; `before` it unless told otherwise. */
  readonly when?: 'before' | 'after';
  /** Faults by the number of the operation. */
  readonly faults?: ReadonlyMap<number, Fault>;
  /** Which operations are counted and can fail; `all` unless told otherwise. Between two writes the store is the same. */
  readonly count?: 'all' | 'writes';
}

/** Thrown by a store that plays dead. Nothing in the program may handle it, as nothing runs after a crash. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';

  constructor(operation: number) {
    super(`The store crashed at operation ${operation}, as the test asked for.`);
  }
}

/**
 * For tests: a store on which things go wrong at a given operation. To kill a piece of work at each of its operations,
 * run it once to read `operations`, then once for each number with `crashAt`, and look at the inner store afterwards.
 */
export class FaultyStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #faults: ReadonlyMap<number, Fault>;
  readonly #counted: 'all' | 'writes';
  readonly #released: Promise<void>;
  #release: () => void = () => {};
  #operations = 0;
  #crash: SimulatedCrash | undefined;

  constructor(inner: ObjectStore, options: FaultyStoreOptions = {}) {
    this.#inner = inner;
    const faults = new Map(options.faults);
    if (options.crashAt !== undefined) faults.set(options.crashAt, `crash-${options.when ?? 'before'}`);
    this.#faults = faults;
    this.#counted = options.count ?? 'all';
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** How many operations were begun so far. A list is one, with its first object. */
  get operations(): number {
    return this.#operations;
  }

  /** Lets go what stalls, now and later. */
  release(): void {
    this.#release();
  }

  get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    return this.#reading(() => this.#inner.get(key, range));
  }

  put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    return this.#operation(() => this.#inner.put(key, bytes), broken);
  }

  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#operation(() => this.#inner.putIfAbsent(key, bytes), unknown);
  }

  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    return this.#operation(() => this.#inner.compareAndSwap(key, bytes, expected), unknown);
  }

  async *list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    yield* await this.#reading(async () => this.#inner.list(prefix, options));
  }

  inTurn<T>(key: ObjectKey, work: () => Promise<T>): Promise<T> {
    return this.#inner.inTurn?.(key, work) ?? work();
  }

  async sweep(prefix: string, options: SweepOptions): Promise<number> {
    return (await this.#inner.sweep?.(prefix, options)) ?? 0;
  }

  delete(key: ObjectKey): Promise<void> {
    return this.#operation(() => this.#inner.delete(key), broken);
  }

  async #reading<T>(act: () => Promise<T>): Promise<T> {
    if (this.#counted === 'all') return this.#operation(act, broken);
    if (this.#crash) throw this.#crash;
    return act();
  }

  async #operation<T>(act: () => Promise<T>, broken: () => T): Promise<T> {
    if (this.#crash) throw this.#crash;
    const operation = ++this.#operations;
    const fault = this.#faults.get(operation);
    switch (fault) {
      case undefined:
        return this.#answer(await act());
      case 'refuse-service':
        throw unavailable();
      case 'lose-request':
        return broken();
      case 'lose-answer':
        await act();
        return broken();
      case 'stall':
        await this.#released;
        return this.#answer(await act());
      case 'crash-before':
        throw this.#crashed(operation);
      case 'crash-after':
        this.#crashed(operation);
        await act();
        throw this.#crash;
    }
  }

  #crashed(operation: number): SimulatedCrash {
    this.#crash = new SimulatedCrash(operation);
    return this.#crash;
  }

  /** What was under way when another operation crashed is not answered either. */
  #answer<T>(result: T): T {
    if (this.#crash) throw this.#crash;
    return result;
  }
}

function unavailable(): StorageError {
  return new StorageError(
    'storage/unavailable',
    'The store does not answer, as the test asked for. Try again.',
  );
}

function broken(): never {
  throw unavailable();
}

function unknown(): WriteOutcome {
  return { outcome: 'unknown', cause: unavailable() };
}
