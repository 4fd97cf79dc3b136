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

/** What went through one verb of a store. */
export interface VerbMeasure {
  /** How often it was called, failures included; a list counts once. */
  readonly requests: number;
  /** Bytes of objects that were read, or handed over to be written. */
  readonly bytes: number;
}

/** What went through a store, verb by verb. */
/** What a store does with bytes; taking turns and sweeping are not among it. */
type Verb = Exclude<keyof ObjectStore, 'inTurn' | 'sweep'>;

export type StoreMeasures = Readonly<Record<Verb, VerbMeasure>>;

/** Counts the requests to a store and the bytes that go to and fro. */
export class MeasuredStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #measures = {
    get: { requests: 0, bytes: 0 },
    put: { requests: 0, bytes: 0 },
    putIfAbsent: { requests: 0, bytes: 0 },
    compareAndSwap: { requests: 0, bytes: 0 },
    list: { requests: 0, bytes: 0 },
    delete: { requests: 0, bytes: 0 },
  };

  constructor(inner: ObjectStore) {
    this.#inner = inner;
  }

  /** What was counted so far. */
  snapshot(): StoreMeasures {
    return structuredClone(this.#measures);
  }

  async get(key: ObjectKey, range?: ByteRange, check?: BytesCheck): Promise<StoredObject | undefined> {
    this.#count('get', 0);
    const object = await this.#inner.get(key, range, check);
    this.#measures.get.bytes += object?.bytes.length ?? 0;
    return object;
  }

  put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    this.#count('put', bytes.length);
    return this.#inner.put(key, bytes);
  }

  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    this.#count('putIfAbsent', bytes.length);
    return this.#inner.putIfAbsent(key, bytes);
  }

  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    this.#count('compareAndSwap', bytes.length);
    return this.#inner.compareAndSwap(key, bytes, expected);
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    this.#count('list', 0);
    return this.#inner.list(prefix, options);
  }

  inTurn<T>(key: ObjectKey, work: () => Promise<T>): Promise<T> {
    return this.#inner.inTurn?.(key, work) ?? work();
  }

  async sweep(prefix: string, options: SweepOptions): Promise<number> {
    return (await this.#inner.sweep?.(prefix, options)) ?? 0;
  }

  delete(key: ObjectKey): Promise<void> {
    this.#count('delete', 0);
    return this.#inner.delete(key);
  }

  #count(verb: Verb, bytes: number): void {
    this.#measures[verb].requests++;
    this.#measures[verb].bytes += bytes;
  }
}
