import { chmodSync, constants, copyFileSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import type { Hash } from '../../base/hash.ts';
import { systemCode } from '../../base/system-error.ts';
import { treeChanges } from '../../tree/diff.ts';
import type { FileEntry } from '../../tree/entry.ts';
import type { NodeSource } from '../../tree/node-store.ts';
import type { TreePath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { writingFailed } from './file-writer.ts';
import { Marker } from './marker.ts';
import { type Row, rowKind } from './row.ts';
import { hasRealParents } from './safe-removal.ts';
import { StateEdit } from './state-edit.ts';
import { readState } from './state-file.ts';
import type { NewFile } from './tree-writer.ts';

/** Makes a file that was not there share the blocks of another; throws as the operating system does. */
export type CloneFile = (from: string | Buffer, to: string | Buffer) => void;

export const reflink: CloneFile = (from, to) => {
  copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
};

/** A smaller file is as quickly written as cloned. */
export const cloneBytesMin = 16 * 1024;

/** What a file system answers that cannot share blocks, or not with the other one. */
export const cannotClone: ReadonlySet<string> = new Set([
  'ENOTSUP',
  'EOPNOTSUPP',
  'EXDEV',
  'EINVAL',
  'ENOSYS',
  'ENOTTY',
]);

/**
 * Clones those of `files` that the checkout in `source` has as `tree` wants them and that, by their status, nobody has
 * changed there. Returns the status of each by its place in `files`; stops at once where blocks cannot be shared.
 */
export async function cloneFiles(
  nodes: NodeSource,
  source: string,
  tree: Hash,
  root: string,
  files: readonly NewFile[],
  clone: CloneFile,
): Promise<Map<number, Stats>> {
  const cloned = new Map<number, Stats>();
  const state = readState(new Marker(source));
  if (state === undefined) return cloned;
  const changes = await treeChanges(nodes, state.tree, tree);
  const changed = new Set<string>(changes.map(({ path }) => path));
  const rows = new StateEdit(state);
  try {
    for (const [index, { path, entry }] of files.entries()) {
      if (entry.type !== 'file' || entry.size < cloneBytesMin || changed.has(path)) continue;
      const row = rows.row(path as TreePath);
      if (row === undefined || !isUntouched(source, path as TreePath, row)) continue;
      clone(diskPath(source, path), diskPath(root, path));
      // Should it have been changed while it was cloned, it is written from the store instead.
      if (isUntouched(source, path as TreePath, row)) cloned.set(index, finish(root, path, entry));
      else unlinkSync(diskPath(root, path));
    }
  } catch (error) {
    if (!cannotClone.has(systemCode(error) ?? '')) throw writingFailed(source, error);
  }
  return cloned;
}

function isUntouched(source: string, path: TreePath, row: Row): boolean {
  if (row.kind !== rowKind.file || !row.recorded || row.unsure || !hasRealParents(source, path)) return false;
  const status = diskStatus(source, path);
  return (
    status?.isFile() === true &&
    status.ctimeMs === row.ctimeMs &&
    status.mtimeMs === row.mtimeMs &&
    status.ino === row.inode &&
    status.size === row.size
  );
}

function finish(root: string, path: string, { mode }: FileEntry): Stats {
  const where = diskPath(root, path);
  if ((lstatSync(where).mode & 0o777) !== mode) chmodSync(where, mode);
  return lstatSync(where);
}
