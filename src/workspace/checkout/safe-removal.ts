import { rmdirSync, unlinkSync } from 'node:fs';
import { isAbsent, systemCode } from '../../base/system-error.ts';
import type { Entry } from '../../tree/entry.ts';
import { type TreePath, textFromPath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';

/** Removes a file or symlink; says nothing where there is none. A directory in its place stays. */
export function removeFile(root: string, path: TreePath): void {
  try {
    unlinkSync(diskPath(root, path));
  } catch (error) {
    if (isAbsent(error) || systemCode(error) === 'EISDIR' || systemCode(error) === 'EPERM') {
      if (!isDirectory(root, path) && !isAbsent(error)) throw workspaceErrorFrom(error, removing(path));
      return;
    }
    throw workspaceErrorFrom(error, removing(path));
  }
}

/** Removes a directory; false when it is not empty, or is none. */
export function removeEmptyDirectory(root: string, path: TreePath): boolean {
  try {
    rmdirSync(diskPath(root, path));
    return true;
  } catch (error) {
    if (isAbsent(error)) return true;
    const code = systemCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY') return false;
    throw workspaceErrorFrom(error, removing(path));
  }
}

/** Removes what a tree names, as far as it is there, and of its directories those that are empty then. */
export function removeEntries(
  root: string,
  entries: readonly { readonly path: TreePath; readonly entry: Entry }[],
): void {
  const directories: TreePath[] = [];
  for (const { path, entry } of entries) {
    if (entry.type === 'directory' || entry.type === 'gitlink') directories.push(path);
    else if (hasRealParents(root, path)) removeFile(root, path);
  }
  for (const path of directories.sort().reverse()) {
    if (hasRealParents(root, path) && isDirectory(root, path)) removeEmptyDirectory(root, path);
  }
}

/**
 * Whether all that is above `path`, up to the root, is a directory, and not a symlink that leads elsewhere. A path of
 * which this is not true is never written to.
 */
export function hasRealParents(root: string, path: TreePath): boolean {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    if (!isDirectory(root, path.slice(0, slash) as TreePath)) return false;
  }
  return true;
}

/** True for a directory itself, not for a symlink to one. */
export function isDirectory(root: string, path: TreePath): boolean {
  return diskStatus(root, path)?.isDirectory() ?? false;
}

function removing(path: TreePath): string {
  return `remove "${textFromPath(path)}"`;
}
