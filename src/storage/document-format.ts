import { hashOf } from '../base/hash.ts';
import type { ObjectKey } from './object-store.ts';
import { StorageError } from './object-store.ts';

/** A kind of document: its name and version, which stand in every document, and the check of its own fields. */
export interface DocumentFormat<T extends object> {
  /** Stands in the document as `micelio/<name>`. */
  readonly name: string;
  /** Goes up when programs that know the old version would misread the new one. */
  readonly version: number;
  /** Checks the fields of a document, without those that every document has; throws when they are not right. */
  parse(fields: unknown): T;
}

/** One version of a document. */
export interface DocumentVersion<T extends object> {
  readonly value: T;
  /** The nonce of the write that made this version: no other write has the same. */
  readonly writer: string;
  /** The nonces of the versions before, newest first, at most `previousWritersMax`. */
  readonly previousWriters: readonly string[];
}

/**
 * How many earlier writers a document remembers. A writer whose connection broke finds out from them whether its write
 * happened, also when up to this many others have written since. On S3 that is no rare case: a server may answer the
 * losers of every race with 500, and meanwhile others go on.
 */
export const previousWritersMax = 64;

/** The fields that every document has. A value must not have fields of these names. */
const ownFields = ['format', 'version', 'writer', 'previousWriters', 'check'];

/** Hexadecimal digits of a SHA-256 that a document ends with: enough to notice any accident. */
const checkLength = 16;
const trailerPattern = /^,"check":"([0-9a-f]{16})"\}$/;
const trailerLength = ',"check":""}'.length + checkLength;

/** The bytes of a document: JSON in UTF-8, as described in docs/formats/document.md. */
export function encodeDocument<T extends object>(
  format: DocumentFormat<T>,
  { value, writer, previousWriters }: DocumentVersion<T>,
): Uint8Array {
  const taken = ownFields.find((field) => Object.hasOwn(value, field));
  if (taken !== undefined) {
    throw new TypeError(
      `A ${format.name} document cannot have a field "${taken}": every document has one already.`,
    );
  }
  const header = { format: `micelio/${format.name}`, version: format.version, writer, previousWriters };
  const body = JSON.stringify({ ...header, ...value }).slice(0, -1);
  return Buffer.from(`${body},"check":"${checkOf(Buffer.from(body))}"}`);
}

/**
 * Reads the bytes of a document of `format` that is stored under `key`. Throws `storage/corrupt` when they are none, and
 * `storage/format-unknown` for one of another format or version.
 */
export function parseDocument<T extends object>(
  key: ObjectKey,
  format: DocumentFormat<T>,
  bytes: Uint8Array,
): DocumentVersion<T> {
  const intact = isIntact(bytes);
  if (intact === false) throw corrupt(key, 'it was changed since it was written');
  const { format: name, version, writer, previousWriters, check: _, ...fields } = parseObject(key, bytes);
  if (name !== `micelio/${format.name}` || version !== format.version) {
    throw new StorageError(
      'storage/format-unknown',
      `"${key}" is ${describe(name, version)}, and this program knows micelio/${format.name} in version ${format.version}. Use the release that wrote it, or a newer one.`,
    );
  }
  if (intact === undefined) throw corrupt(key, 'it does not end with its check');
  if (typeof writer !== 'string' || !Array.isArray(previousWriters) || !previousWriters.every(isString)) {
    throw corrupt(key, 'who wrote it is missing');
  }
  try {
    return { value: format.parse(fields), writer, previousWriters };
  } catch (error) {
    throw corrupt(key, error instanceof Error ? error.message : String(error), error);
  }
}

/** Whether the bytes are what their check was made of; undefined when they do not end with one. */
function isIntact(bytes: Uint8Array): boolean | undefined {
  const end = Math.max(0, bytes.length - trailerLength);
  const trailer = trailerPattern.exec(Buffer.from(bytes.subarray(end)).toString('latin1'));
  return trailer === null ? undefined : trailer[1] === checkOf(bytes.subarray(0, end));
}

function checkOf(body: Uint8Array): string {
  return hashOf(body).slice(0, checkLength);
}

function parseObject(key: ObjectKey, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw corrupt(key, 'it is not JSON', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw corrupt(key, 'it is not a JSON object');
  return { ...value };
}

function describe(name: unknown, version: unknown): string {
  if (!isString(name) || typeof version !== 'number') return 'of no format that it tells';
  return `${JSON.stringify(name.slice(0, 80))} in version ${version}`;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function corrupt(key: ObjectKey, reason: string, cause?: unknown): StorageError {
  return new StorageError(
    'storage/corrupt',
    `The document "${key}" cannot be read: ${reason}. Restore it from a copy of the store.`,
    { cause },
  );
}
