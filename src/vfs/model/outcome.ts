import { FileSystemError, type FileSystemErrorCode } from '../file-system-error.ts';

/** What a program sees of an operation: the name of the error or `ok`, and what was read. */
export interface Outcome {
  readonly code: string;
  readonly value?: Buffer | readonly string[];
}

const errors: Record<FileSystemErrorCode, string> = {
  'file-system/not-permitted': 'EPERM',
  'file-system/denied': 'EACCES',
  'file-system/not-found': 'ENOENT',
  'file-system/exists': 'EEXIST',
  'file-system/not-a-directory': 'ENOTDIR',
  'file-system/is-a-directory': 'EISDIR',
  'file-system/not-empty': 'ENOTEMPTY',
  'file-system/invalid': 'EINVAL',
  'file-system/name-too-long': 'ENAMETOOLONG',
  'file-system/too-many-links': 'EMLINK',
  'file-system/file-too-large': 'EFBIG',
  'file-system/full': 'ENOSPC',
  'file-system/read-only': 'EROFS',
  'file-system/stale': 'ESTALE',
  'file-system/not-in-step': 'EAGAIN',
  'file-system/other-device': 'EXDEV',
  'file-system/io': 'EIO',
};

/** The outcome of `work`; what is no failure of a file system is thrown. */
export function outcomeOf(work: () => Outcome['value'] | undefined): Outcome {
  try {
    const value = work();
    return value === undefined ? { code: 'ok' } : { code: 'ok', value };
  } catch (error) {
    if (error instanceof FileSystemError) return { code: errors[error.code] };
    if (error instanceof Error && 'errno' in error && 'code' in error) return { code: String(error.code) };
    throw error;
  }
}

/** As the kernel throws it: for what a client of a file system finds out by itself. */
export function kernelError(code: string): Error {
  return Object.assign(new Error(code), { code, errno: 0 });
}

export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.code !== b.code) return false;
  if (a.value instanceof Buffer && b.value instanceof Buffer) return a.value.equals(b.value);
  return JSON.stringify(a.value) === JSON.stringify(b.value);
}

export function describeOutcome({ code, value }: Outcome): string {
  if (value === undefined) return code;
  return value instanceof Buffer ? `${code}, ${value.length} bytes` : `${code}, ${JSON.stringify(value)}`;
}
