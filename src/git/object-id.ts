import { GitError } from './git-error.ts';

/** The name of a git object in full: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits. */
export type ObjectId = string & { readonly ObjectId: unique symbol };

/** What a repository names its objects by. */
export type ObjectFormat = 'sha1' | 'sha256';

/** Bytes of a raw object id. */
export const idBytesOf: Readonly<Record<ObjectFormat, number>> = { sha1: 20, sha256: 32 };

/** The tree without entries, which every git knows. */
export const emptyTreeOf: Readonly<Record<ObjectFormat, ObjectId>> = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904' as ObjectId,
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321' as ObjectId,
};

/** Parses a full object id of either format; throws `git/id-invalid`. */
export function parseObjectId(text: string): ObjectId {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)) {
    throw new GitError(
      'git/id-invalid',
      `"${text.slice(0, 80)}" is no full git id: expected 40 or 64 lower-case hexadecimal digits.`,
    );
  }
  return text as ObjectId;
}

/** Parses a full object id of `format`; throws `git/id-invalid`. */
export function parseObjectIdOf(format: ObjectFormat, text: string): ObjectId {
  const id = parseObjectId(text);
  if (id.length !== idBytesOf[format] * 2) {
    throw new GitError(
      'git/id-invalid',
      `"${id}" cannot name an object of this repository: it uses ${format}.`,
    );
  }
  return id;
}
