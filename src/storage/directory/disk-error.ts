import { systemTrouble } from '../../base/system-error.ts';
import { StorageError, type StorageErrorCode } from '../object-store.ts';

const codes = {
  full: 'storage/full',
  denied: 'storage/denied',
  failed: 'storage/unavailable',
} as const satisfies Record<string, StorageErrorCode>;

/** What an error of the operating system means to the user of a store that could not `action` ("write a/b"). */
export function storageErrorFrom(error: unknown, action: string): Error {
  const trouble = systemTrouble(error);
  if (trouble === undefined) return error instanceof Error ? error : new Error(String(error));
  const state = trouble.kind === 'failed' ? '' : '; nothing was changed';
  return new StorageError(codes[trouble.kind], `Cannot ${action} in the store: ${trouble.words}${state}.`, {
    cause: error,
  });
}
