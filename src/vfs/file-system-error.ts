import { MicelioError } from '../base/error.ts';

export type FileSystemErrorCode =
  | 'file-system/not-permitted'
  | 'file-system/denied'
  | 'file-system/not-found'
  | 'file-system/exists'
  | 'file-system/not-a-directory'
  | 'file-system/is-a-directory'
  | 'file-system/not-empty'
  | 'file-system/invalid'
  | 'file-system/name-too-long'
  | 'file-system/too-many-links'
  | 'file-system/file-too-large'
  | 'file-system/full'
  | 'file-system/read-only'
  | 'file-system/stale'
  | 'file-system/not-in-step'
  | 'file-system/other-device'
  | 'file-system/io';

/**
 * What a file system answers instead of doing what it was asked. These are everyday answers ("there is no such file"),
 * given thousands of times a second, so they carry no stack: `fileSystemError` hands out one instance a code.
 */
export class FileSystemError extends MicelioError<FileSystemErrorCode> {}

/** Thrown by a call that needs what is not in memory. Nothing was changed: wait for `ready`, and call again. */
export class NotResident extends Error {
  /** Ends when what was missing is in memory. Fails with `file-system/io` when it cannot be had: see its cause. */
  readonly ready: Promise<unknown>;

  constructor(loading: Promise<unknown>) {
    super('Not in memory yet.');
    this.ready = loading.catch((cause: unknown) => {
      throw storeFailure(cause);
    });
    // Who gave up waiting need not hear of it.
    this.ready.catch(() => {});
  }
}

/** What users of a file system are told when the store could not give what it should have. */
export function storeFailure(cause: unknown): FileSystemError {
  const message = 'The store of the project does not give what the file consists of. See the cause.';
  return new FileSystemError('file-system/io', message, { cause });
}

const messages: Record<FileSystemErrorCode, string> = {
  'file-system/not-permitted': 'Only the owner of the file, or the superuser, may do this.',
  'file-system/denied': 'The permissions of the file or its directory do not allow this.',
  'file-system/not-found': 'There is no such file.',
  'file-system/exists': 'The name is taken.',
  'file-system/not-a-directory': 'It is not a directory.',
  'file-system/is-a-directory': 'It is a directory.',
  'file-system/not-empty': 'The directory is not empty.',
  'file-system/invalid': 'This cannot be asked of this file.',
  'file-system/name-too-long': 'The name has more than 255 bytes.',
  'file-system/too-many-links': 'The file has as many names as a file can have.',
  'file-system/file-too-large': 'A file cannot be this large.',
  'file-system/full': 'The disk that holds the session is full. Free space, and do it again.',
  'file-system/read-only': 'This tree can only be read.',
  'file-system/stale': 'The file is gone.',
  'file-system/not-in-step': 'The file has changed meanwhile.',
  'file-system/other-device': 'The two are not in the same file system.',
  'file-system/io': 'The disk or the store that holds the session failed.',
};

const instances = new Map<FileSystemErrorCode, FileSystemError>();

/** The error of a code. */
export function fileSystemError(code: FileSystemErrorCode): FileSystemError {
  let error = instances.get(code);
  if (error === undefined) {
    error = new FileSystemError(code, messages[code]);
    instances.set(code, error);
  }
  return error;
}
