import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { systemCode } from '../../base/system-error.ts';
import { baseName, parentPath, type TreePath, textFromPath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { writingFailed } from './file-writer.ts';
import type { Marker } from './marker.ts';
import { rowKind, rowOf } from './row.ts';
import { hasRealParents, isDirectory, removeEmptyDirectory, removeFile } from './safe-removal.ts';
import { stagedFile } from './staging.ts';
import type { StateEdit } from './state-edit.ts';
import { finishDirectory, makeDirectory } from './tree-writer.ts';
import type { PlannedDirectory, PlannedFile, UpdatePlan } from './update-plan.ts';

const ownerWrites = 0o300;

/** Does what a plan says, and tells `rows`. Should it fail on the way, the journal lets the next operation tidy up. */
export function carryOut(root: string, marker: Marker, plan: UpdatePlan, rows: StateEdit): void {
  const opened = openDirectories(root, plan);
  try {
    for (const { path, status } of plan.removedFiles) {
      requireStill(root, path, status);
      removeFile(root, path);
      rows.delete(path);
    }
    for (const { path, mustGo } of plan.removedDirectories.toReversed()) {
      removeDirectory(root, path, mustGo, rows);
    }
    const directories = plan.directories.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    for (const directory of directories) makeMissing(root, directory, rows);
    for (const [index, file] of plan.files.entries()) {
      const status = place(root, stagedFile(marker, index), file);
      rows.set(file.path, rowOf(baseName(file.path), rowKind[file.entry.type], status, { recorded: true }));
    }
    for (const { path, entry } of plan.present) {
      const status = lstatSync(diskPath(root, path));
      rows.set(path, {
        ...rowOf(baseName(path), rowKind[entry.type], status, { recorded: true }),
        unsure: true,
      });
    }
    for (const { path, entry } of directories.reverse()) {
      if (entry.type === 'directory') finishDirectory(root, path, entry.mode);
    }
  } finally {
    for (const [path, mode] of opened) if (isDirectory(root, path)) chmodSync(diskPath(root, path), mode);
  }
}

/** Lets the owner change what is in directories that do not allow it, for the time being. */
function openDirectories(root: string, plan: UpdatePlan): Map<TreePath, number> {
  const opened = new Map<TreePath, number>();
  const paths = [...plan.removedFiles, ...plan.removedDirectories, ...plan.directories, ...plan.files];
  for (const directory of new Set(paths.map(({ path }) => parentPath(path)))) {
    if (!hasRealParents(root, directory) || !isDirectory(root, directory)) continue;
    const { mode } = lstatSync(diskPath(root, directory));
    if ((mode & ownerWrites) === ownerWrites) continue;
    chmodSync(diskPath(root, directory), (mode & 0o777) | 0o700);
    opened.set(directory, mode & 0o777);
  }
  for (const { path } of plan.directories) opened.delete(path);
  return opened;
}

/** What an update is about to overwrite or remove must still be what was checked. */
function requireStill(root: string, path: TreePath, before: Stats): void {
  const now = hasRealParents(root, path) ? diskStatus(root, path) : undefined;
  // Not ctime: it changes when another name of the same file goes.
  if (now?.mtimeMs !== before.mtimeMs || now.ino !== before.ino || now.size !== before.size) {
    throw changedMeanwhile(path);
  }
}

function removeDirectory(root: string, path: TreePath, mustGo: boolean, rows: StateEdit): void {
  if (!hasRealParents(root, path) || removeEmptyDirectory(root, path)) {
    rows.delete(path);
    return;
  }
  if (mustGo) throw changedMeanwhile(path);
  // Something that is not recorded is inside, ignored files for instance. It stays, as what is not recorded does.
  rows.delete(path);
}

function makeMissing(root: string, { path, entry }: PlannedDirectory, rows: StateEdit): void {
  if (!hasRealParents(root, path)) throw changedMeanwhile(path);
  const mode = entry.type === 'directory' ? entry.mode : 0o755;
  if (!isDirectory(root, path)) makeDirectory(root, path, mode);
  const status = lstatSync(diskPath(root, path));
  const row = rowOf(baseName(path), rowKind[entry.type], status, { recorded: true });
  rows.set(path, { ...row, mode: entry.type === 'directory' ? entry.mode : 0, unsure: true });
}

/** Moves a file from where it was staged to its place, and returns its status there. */
function place(root: string, staged: string, { path, replaces }: PlannedFile): Stats {
  if (!hasRealParents(root, path)) throw changedMeanwhile(path);
  const where = diskPath(root, path);
  try {
    if (replaces === undefined) linkNew(staged, where);
    else {
      requireStill(root, path, replaces);
      renameSync(staged, where);
    }
    return lstatSync(where);
  } catch (error) {
    throw writingFailed(path, error);
  }
}

function changedMeanwhile(path: TreePath): WorkspaceError {
  return new WorkspaceError(
    'workspace/changed',
    `"${textFromPath(path)}" was changed while the workspace was being updated, and was left as it is. Part of the update was made. Record the workspace, for instance with "mic session checkpoint", then update it again.`,
  );
}

/** Gives a file a name that must be free. A file system without hard links gets a copy. */
function linkNew(staged: string, where: string | Buffer): void {
  try {
    linkSync(staged, where);
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    copyFileSync(staged, where, constants.COPYFILE_EXCL);
  }
  unlinkSync(staged);
}
