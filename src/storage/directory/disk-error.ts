import { MicelioError } from '../../base/error.ts';
import { StorageError } from '../object-store.ts';

/** The operating system's name for what went wrong (`ENOENT`); undefined for an error that did not come from it. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error instanceof MicelioError) return undefined;
  // Node's own complaints (`ERR_OUT_OF_RANGE`) are about the call, not about the disk.
  return typeof error.code === 'string' && !error.code.startsWith('ERR_') ? error.code : undefined;
}

/** True when there is nothing under a path: no such name, or one of its folders is a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** What an error of the operating system means to the user of a store that could not `action` ("write a/b"). */
export function storageErrorFrom(error: unknown, action: string): Error {
  const code = systemCode(error);
  switch (code) {
    case undefined:
      return error instanceof Error ? error : new Error(String(error));
    case 'ENOSPC':
    case 'EDQUOT':
      return new StorageError(
        'storage/full',
        `Cannot ${action}: the disk of the store is full. Free some space, then do it again; nothing was changed.`,
        { cause: error },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StorageError(
        'storage/denied',
        `Cannot ${action}: the store's directory does not allow it (${code}). Check its owner, its permissions and how it is mounted; nothing was changed.`,
        { cause: error },
      );
    default:
      return new StorageError(
        'storage/unavailable',
        `Cannot ${action}: the disk of the store answered ${code}. Try again; if it stays, check the disk.`,
        { cause: error },
      );
  }
}
