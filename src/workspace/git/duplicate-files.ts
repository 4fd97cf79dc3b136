import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { isAbsent, systemCode } from '../../base/system-error.ts';
import { withoutLinks } from '../../git/exclusive-file.ts';
import { parentPath, rootPath, type TreePath, textFromPath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';

/** Files that are to be in a second place, at the same paths. */
export interface Duplication {
  /** The directories that the paths begin at, absolute. */
  readonly from: string;
  readonly to: string;
  /** Files, symlinks and directories; of a directory, itself and not what is in it. */
  readonly paths: readonly TreePath[];
}

/**
 * Puts files into a second place, so that they can be deleted in the first: by hard links where both are on one file system,
 * and otherwise as copies that a power cut does not take. What is gone meanwhile is left out. Throws where one cannot be
 * read or written; the first place has then all that it had.
 */
export function duplicateFiles({ from, to, paths }: Duplication): void {
  const copied = new Set<TreePath>();
  for (const path of paths) {
    try {
      const status = lstatSync(diskPath(from, path));
      makeDirectories(from, to, status.isDirectory() ? path : parentPath(path));
      if (!status.isDirectory() && duplicate(diskPath(from, path), diskPath(to, path), status) === 'copied')
        addWithAbove(copied, parentPath(path));
    } catch (error) {
      if (!isAbsent(error)) throw workspaceErrorFrom(error, `put "${textFromPath(path)}" into "${to}"`);
    }
  }
  for (const directory of copied) flush(diskPath(to, directory));
}

/** Up to the root. */
function addWithAbove(directories: Set<TreePath>, directory: TreePath): void {
  for (let path = directory; !directories.has(path); path = parentPath(path)) directories.add(path);
}

function duplicate(source: string | Buffer, target: string | Buffer, status: Stats): 'linked' | 'copied' {
  if (status.isSymbolicLink()) {
    // Not every system links the symlink itself.
    symlinkSync(readlinkSync(source, 'buffer'), target);
    return 'copied';
  }
  try {
    linkSync(source, target);
    return 'linked';
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'EXDEV' && !withoutLinks.has(code)) throw error;
  }
  copyFileSync(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  utimesSync(target, status.atimeMs / 1000, status.mtimeMs / 1000);
  flush(target);
  return 'copied';
}

/** With the modes that they have in the first place, but always open to their owner. */
function makeDirectories(from: string, to: string, path: TreePath): void {
  if (path === rootPath || diskStatus(to, path) !== undefined) return;
  makeDirectories(from, to, parentPath(path));
  mkdirSync(diskPath(to, path), { mode: (lstatSync(diskPath(from, path)).mode & 0o777) | 0o700 });
}

function flush(path: string | Buffer): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
