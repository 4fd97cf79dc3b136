import type { Random } from '../base/random.ts';
import { randomText } from '../base/random.ts';
import type { Sleep } from './backoff.ts';
import { backoffMs } from './backoff.ts';
import type { DocumentFormat, DocumentVersion } from './document-format.ts';
import { encodeDocument, parseDocument, previousWritersMax } from './document-format.ts';
import type { ETag, ObjectKey, ObjectStore, WriteOutcome } from './object-store.ts';
import { StorageError } from './object-store.ts';

/** What documents are written with. */
export interface DocumentAccess {
  readonly store: ObjectStore;
  readonly random: Random;
  readonly sleep: Sleep;
}

/** A document as it was read or written: `etag` is what `swapDocument` compares with. */
export interface Document<T extends object> extends DocumentVersion<T> {
  readonly etag: ETag;
}

/** What the `change` of `updateDocument` returns when the document is good as it is. */
export const leaveDocument: unique symbol = Symbol('leave the document as it is');

/** Makes the next value of a document out of the current one. */
export type DocumentChange<T> = (current: T) => T | typeof leaveDocument | Promise<T | typeof leaveDocument>;

/** How often an update starts over because others were faster; with the backoff, some ten seconds. */
const updateAttemptsMax = 256;
/** How often a write is sent whose outcome stays unknown while nothing is written. */
const unknownAttemptsMax = 8;
const updateBackoff = { firstMs: 2, maxMs: 64 };
const unknownBackoff = { firstMs: 20, maxMs: 2000 };
/** 80 bits: no two writers ever have the same. */
const nonceLength = 16;

/** The document `key`, or undefined where there is none. */
export async function readDocument<T extends object>(
  store: ObjectStore,
  key: ObjectKey,
  format: DocumentFormat<T>,
): Promise<Document<T> | undefined> {
  const object = await store.get(key);
  return object && { ...parseDocument(key, format, object.bytes), etag: object.etag };
}

/** Creates the document `key`; undefined when there is one already. */
export function createDocument<T extends object>(
  access: DocumentAccess,
  key: ObjectKey,
  format: DocumentFormat<T>,
  value: T,
): Promise<Document<T> | undefined> {
  return new DocumentWrite(access, key, format).write(undefined, value);
}

/** Replaces the version `expected` of the document `key`; undefined when it is no longer the current one. */
export function swapDocument<T extends object>(
  access: DocumentAccess,
  key: ObjectKey,
  format: DocumentFormat<T>,
  expected: Document<T>,
  value: T,
): Promise<Document<T> | undefined> {
  return new DocumentWrite(access, key, format).write(expected, value);
}

/**
 * Changes the document `key`: `change` makes the next value out of the current one, or returns `leaveDocument`. It is
 * called again, with the then current value, whenever another writer was faster; what it returns is written at most
 * once. Answers the document that holds the change (a later version of it, where others have gone on since), or the
 * one that was left as it is; undefined where there is none. Throws `storage/unavailable` when others are always faster.
 *
 * `known` is a version that was read before, and saves a read where it is still the current one. Only a write is tried on
 * it: what is left as it is, or refused by `change`, is decided on what is there now.
 */
export async function updateDocument<T extends object>(
  access: DocumentAccess,
  key: ObjectKey,
  format: DocumentFormat<T>,
  change: DocumentChange<T>,
  known?: Document<T>,
): Promise<Document<T> | undefined> {
  const write = new DocumentWrite(access, key, format);
  const early = known && (await changeKnown(write, known, change));
  if (early !== undefined) return early;
  for (let attempt = 0; attempt < updateAttemptsMax; attempt++) {
    if (attempt > 0) await access.sleep(backoffMs(access.random, updateBackoff, attempt - 1));
    const current = await readDocument(access.store, key, format);
    if (current === undefined) return undefined;
    const next = await change(current.value);
    if (next === leaveDocument) return current;
    const written = await write.write(current, next);
    if (written !== undefined) return written;
  }
  throw new StorageError(
    'storage/unavailable',
    `"${key}" was changed by others ${updateAttemptsMax} times while this change was tried. Try again when fewer work on it at once.`,
  );
}

/** Writes the change of `known`; undefined when it is no longer the current version, or when nothing is to be written. */
async function changeKnown<T extends object>(
  write: DocumentWrite<T>,
  known: Document<T>,
  change: DocumentChange<T>,
): Promise<Document<T> | undefined> {
  let next: T | typeof leaveDocument;
  try {
    next = await change(known.value);
  } catch {
    // `change` is asked again about the current version, and what it throws then is told.
    return undefined;
  }
  return next === leaveDocument ? undefined : write.write(known, next);
}

/** The attempts of one writer to write a document once, all under one nonce. */
class DocumentWrite<T extends object> {
  readonly #access: DocumentAccess;
  readonly #key: ObjectKey;
  readonly #format: DocumentFormat<T>;
  readonly #nonce: string;

  constructor(access: DocumentAccess, key: ObjectKey, format: DocumentFormat<T>) {
    this.#access = access;
    this.#key = key;
    this.#format = format;
    this.#nonce = randomText(access.random, nonceLength);
  }

  /** Writes `value` over `expected` (undefined: where there is no document); undefined when that is not what is there. */
  async write(expected: Document<T> | undefined, value: T): Promise<Document<T> | undefined> {
    const { random, sleep } = this.#access;
    const previousWriters = expected ? [expected.writer, ...expected.previousWriters] : [];
    const bytes = encodeDocument(this.#format, {
      value,
      writer: this.#nonce,
      previousWriters: previousWriters.slice(0, previousWritersMax),
    });
    // What could not be read again is not written.
    const version = parseDocument(this.#key, this.#format, bytes);
    let unknown: { readonly cause: unknown } | undefined;
    for (let attempt = 0; attempt < unknownAttemptsMax; attempt++) {
      if (attempt > 0) await sleep(backoffMs(random, unknownBackoff, attempt - 1));
      const result = await this.#send(bytes, expected);
      if (result.outcome === 'stored') return { ...version, etag: result.etag };
      if (result.outcome === 'unknown') unknown = result;
      else if (unknown === undefined) return undefined;
      const current = await readDocument(this.#access.store, this.#key, this.#format);
      if (current !== undefined && writersOf(current).includes(this.#nonce)) return current;
      if (isHidden(current, expected)) break;
      if (current?.writer !== expected?.writer) return undefined;
    }
    throw new StorageError(
      'storage/unavailable',
      `It cannot be told whether "${this.#key}" was written: the connection to the store broke. Look at what is there, and do it again where it is missing.`,
      { cause: unknown?.cause },
    );
  }

  #send(bytes: Uint8Array, expected: Document<T> | undefined): Promise<WriteOutcome> {
    const { store } = this.#access;
    if (expected === undefined) return store.putIfAbsent(this.#key, bytes);
    return store.compareAndSwap(this.#key, bytes, expected.etag);
  }
}

function writersOf(document: Document<object>): readonly string[] {
  return [document.writer, ...document.previousWriters];
}

/** True when so many have written since `expected` that a write right after it would not be seen in `current`. */
function isHidden(current: Document<object> | undefined, expected: Document<object> | undefined): boolean {
  if (current === undefined) return false;
  if (expected === undefined) return current.previousWriters.length === previousWritersMax;
  return !writersOf(current).includes(expected.writer);
}
