import { MicelioError } from '../base/error.ts';

/**
 * The name of an object: one to sixteen segments of `[A-Za-z0-9._-]`, 1 to 128 characters each, joined by `/`. No
 * segment begins with `.`: there is no `..`, and such names are free for what a store needs for itself. No key may be
 * a folder of another key (`a` beside `a/b`): a directory cannot hold both. It throws `storage/key-conflict` then; S3,
 * where it would take further requests, does not notice.
 */
export type ObjectKey = string & { readonly ObjectKey: unique symbol };

/** Names one version of a mutable object. Opaque: compare for equality only. Equal bytes may have equal tags. */
export type ETag = string & { readonly ETag: unique symbol };

/**
 * A half-open range of bytes: `start` inclusive, `end` exclusive, neither negative nor reversed. What lies past the end
 * of the object is left out, down to no bytes at all.
 */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a reader knows of the bytes that it asks for: false for those that cannot be the right ones. Must not throw.
 */
export type BytesCheck = (bytes: Uint8Array) => boolean;

export interface StoredObject {
  /** May be shared with other readers: not to be changed. */
  readonly bytes: Uint8Array;
  /** The version that was read, for `compareAndSwap`. Of no use after a ranged read: swap only what was read whole. */
  readonly etag: ETag;
}

export interface ObjectInfo {
  readonly key: ObjectKey;
  /** Size in bytes. */
  readonly size: number;
  /** When this version was written, ms since the epoch, by the store's clock. */
  readonly modifiedMs: number;
}

/**
 * How a conditional write ended. `refused` is certain: this call has written nothing. `unknown` is a broken connection
 * or a server error after the request was sent: the write may or may not have happened, and only reading the object
 * again can tell (see `document.ts`).
 */
export type WriteOutcome =
  | { readonly outcome: 'stored'; readonly etag: ETag }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unknown'; readonly cause: unknown };

export interface ListOptions {
  /** Only keys strictly behind this text. */
  readonly after?: string;
}

export interface SweepOptions {
  /** Only what was begun before this time, ms since the epoch. */
  readonly beforeMs: number;
  /** `dry run` only counts. */
  readonly mode: 'sweep' | 'dry run';
}

/**
 * Named bytes that survive: the one port to durable storage. A directory, S3 and memory implement it, and
 * `object-store.conformance.ts` is what each of them must pass.
 *
 * - A write that has ended well is durable and is seen by every later read and list, in every process.
 * - A reader never sees part of a write. A write that throws has changed nothing, except `put` and `delete` that throw
 *   `storage/unavailable`: those may have happened, and can simply be repeated.
 * - The bytes of a write must not change until it has ended; afterwards the buffer is the caller's again.
 * - Keys are listed in the order of their UTF-8 bytes, as S3 does.
 * - Errors are `StorageError`s.
 */
export interface ObjectStore {
  /**
   * The object's bytes, or those of `range`; undefined where there is none. `check` is for copies that stand in front of
   * a store, on a disk or with a peer: those that fail it are passed over. What the store itself has is not checked.
   */
  get(key: ObjectKey, range?: ByteRange, check?: BytesCheck): Promise<StoredObject | undefined>;
  /** Writes an object, over whatever was there. For immutable objects; what several writers change goes through `compareAndSwap`. */
  put(key: ObjectKey, bytes: Uint8Array): Promise<void>;
  /** Writes an object only where there is none. */
  putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome>;
  /** Replaces exactly the version `expected`; `refused` when the object has another one or none. */
  compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome>;
  /** All objects whose key begins with `prefix` (any text, not only whole segments), in order of their keys. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo>;
  /** Removes an object; does nothing where there is none. */
  delete(key: ObjectKey): Promise<void>;
  /**
   * Runs `work` once others on this machine who work in turn on `key` have done theirs, or at once where the store cannot
   * tell or they take too long. It saves work that would be lost in a race for `key`, and decides nothing.
   */
  inTurn?<T>(key: ObjectKey, work: () => Promise<T>): Promise<T>;
  /**
   * Removes what interrupted writes have left, where a store keeps such things outside of all listings, and answers how
   * many there were: of objects whose key begins with `prefix`, as far as can be told. What is under way stays, even if
   * it began earlier, where the store knows.
   */
  sweep?(prefix: string, options: SweepOptions): Promise<number>;
}

export type StorageErrorCode =
  | 'storage/key-invalid'
  | 'storage/key-conflict'
  | 'storage/full'
  | 'storage/denied'
  | 'storage/unavailable'
  | 'storage/not-found'
  | 'storage/unsuitable'
  | 'storage/peers-invalid'
  | 'storage/location-invalid'
  | 'storage/corrupt'
  | 'storage/format-unknown';

export class StorageError extends MicelioError<StorageErrorCode> {}

/** Largest number of bytes in a key. S3 allows 1,024; what a directory adds in front needs room too. */
const keyBytesMax = 512;
const keySegmentsMax = 16;
const segmentPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** True for a segment that a key may have. */
export function isKeySegment(text: string): boolean {
  return segmentPattern.test(text);
}

/** True for a text that keeps the rules of `ObjectKey`. */
export function isObjectKey(text: string): text is ObjectKey {
  const segments = text.split('/');
  return text.length <= keyBytesMax && segments.length <= keySegmentsMax && segments.every(isKeySegment);
}

/** Checks the rules of `ObjectKey`; throws `storage/key-invalid`. */
export function parseKey(text: string): ObjectKey {
  if (!isObjectKey(text)) {
    throw new StorageError(
      'storage/key-invalid',
      `${JSON.stringify(text.slice(0, 200))} cannot name an object: use 1 to 16 segments of letters, digits, ".", "_" and "-", joined by "/", none of them beginning with ".".`,
    );
  }
  return text;
}

/** The error for a key that is a folder of another key, or lies in a folder that is one. */
export function keyConflict(key: ObjectKey, cause?: unknown): StorageError {
  return new StorageError(
    'storage/key-conflict',
    `"${key}" cannot be stored: another key has it as a folder, or one of its folders is itself an object. Choose another key.`,
    { cause },
  );
}
