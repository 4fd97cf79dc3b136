import {
  closeSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  type Stats,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { systemCode } from '../../base/system-error.ts';
import { textFromPath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';

const permissionBits = 0o777;

/**
 * Makes a file that was not there, with exactly these permissions, and returns its status. Nothing that exists is
 * opened or followed. Throws `workspace/name-collision` where there is something, `workspace/full`, `workspace/denied`.
 */
export function writeNewFile(root: string, path: string, mode: number, pieces: Iterable<Uint8Array>): Stats {
  try {
    // Exclusive creation neither follows a symlink nor opens what is there.
    const descriptor = openSync(diskPath(root, path), 'wx', mode);
    try {
      for (const piece of pieces) writeAll(descriptor, piece);
      return settledStatus(descriptor, mode);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw writingFailed(path, error);
  }
}

/** `writeNewFile` for content that comes piece by piece. */
export async function writeNewFileFrom(
  root: string,
  path: string,
  mode: number,
  pieces: AsyncIterable<Uint8Array>,
): Promise<Stats> {
  try {
    const descriptor = openSync(diskPath(root, path), 'wx', mode);
    try {
      for await (const piece of pieces) writeAll(descriptor, piece);
      return settledStatus(descriptor, mode);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw writingFailed(path, error);
  }
}

/** Makes a symlink where there was nothing, and returns its status. `target` is kept byte for byte. */
export function writeNewSymlink(root: string, path: string, target: Uint8Array): Stats {
  try {
    symlinkSync(Buffer.from(target), diskPath(root, path));
    return lstatSync(diskPath(root, path));
  } catch (error) {
    throw writingFailed(path, error);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at);
}

/** The umask may have taken permissions away. */
function settledStatus(descriptor: number, mode: number): Stats {
  const status = fstatSync(descriptor);
  if ((status.mode & permissionBits) === mode) return status;
  fchmodSync(descriptor, mode);
  return fstatSync(descriptor);
}

export function writingFailed(path: string, error: unknown): Error {
  if (systemCode(error) === 'EEXIST') {
    return new WorkspaceError(
      'workspace/name-collision',
      `Cannot make "${textFromPath(path)}": something of that name is there. Either another program made it, or the file system takes it for the same as another name of the tree ("Readme" and "README"); then use a file system that tells them apart.`,
      { cause: error },
    );
  }
  return workspaceErrorFrom(error, `write "${textFromPath(path)}"`);
}
