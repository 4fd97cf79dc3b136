import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { FileServerError } from './file-server-error.ts';

/** Permission bits by which others than the owner could get in. */
const othersMask = 0o077;

/**
 * Makes a directory that only this user can look into, or sees to it that an existing one is. Throws
 * `file-server/denied` where it belongs to somebody else, or is a symlink, which somebody else may have put there.
 */
export function makePrivateDirectory(path: string, uid: number): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw denied(path, 'it cannot be made', cause);
  }
  const status = lstatSync(path);
  if (!status.isDirectory()) throw denied(path, 'it is no directory');
  if (status.uid !== uid) throw denied(path, 'it belongs to somebody else');
  if ((status.mode & othersMask) !== 0) chmodSync(path, 0o700);
}

function denied(path: string, reason: string, cause?: unknown): FileServerError {
  return new FileServerError(
    'file-server/denied',
    `mic-fs needs "${path}" as a directory of this user alone, and ${reason}. Correct that, and do it again.`,
    cause === undefined ? {} : { cause },
  );
}
