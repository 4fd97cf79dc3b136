import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { sep } from 'node:path';
import { isAbsent, systemCode } from '../../base/system-error.ts';
import { type FileName, joinPath, type TreePath, textFromPath } from '../../tree/path.ts';
import { hasRealParents } from '../checkout/safe-removal.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { listNames } from '../walk.ts';
import { unreadable } from '../workspace-error.ts';
import { isReserved } from './provision-path.ts';

/** What a file or directory of the main workspace is. */
export interface SourceEntry {
  readonly path: TreePath;
  readonly status: Stats;
}

/** Why something is not taken along, for people. */
export interface LeftOut {
  readonly path: TreePath;
  readonly reason: string;
}

/**
 * The status of a source, or undefined where there is nothing, or it is reached through a symlink that leads out of
 * `root`. A symlink at `path` itself is followed when `following` says so and it stays inside.
 */
export function sourceStatus(
  root: string,
  path: TreePath,
  following: 'links inside' | 'no links',
): Stats | undefined {
  if (!hasRealParents(root, path) && !isInside(root, diskPath(root, path.slice(0, path.lastIndexOf('/'))))) {
    return undefined;
  }
  const status = diskStatus(root, path);
  if (!status?.isSymbolicLink() || following === 'no links') return status;
  if (!isInside(root, diskPath(root, path))) return undefined;
  try {
    return statSync(diskPath(root, path));
  } catch (error) {
    if (leadsNowhere(error)) return undefined;
    throw unreadable(path, error);
  }
}

/** True for a symlink whose target is not there, or which leads in a circle. */
function leadsNowhere(error: unknown): boolean {
  return isAbsent(error) || systemCode(error) === 'ELOOP';
}

/** Whether what `path` leads to is `root` or lies below it. */
function isInside(root: string, path: string | Buffer): boolean {
  try {
    const real = realpathSync(path, 'latin1');
    const top = realpathSync(root, 'latin1');
    return real === top || real.startsWith(top + sep);
  } catch (error) {
    if (leadsNowhere(error)) return false;
    throw error;
  }
}

/**
 * Hands out all that is in a directory, directories before what is in them: files, symlinks and directories. The rest
 * is told to `leaveOut`: what belongs to git, and what is no file. `skipped` is the path of a directory that is never
 * entered, such as the workspace that is being filled.
 */
export function* sourceTree(
  root: string,
  directory: TreePath,
  skipped: TreePath | undefined,
  leaveOut: (left: LeftOut) => void,
): Generator<SourceEntry> {
  for (const { name } of listNames(root, directory)) {
    const path = joinPath(directory, name as FileName);
    if (path === skipped) continue;
    if (isReserved(name)) {
      leaveOut({ path, reason: 'It belongs to a git repository or a workspace of its own.' });
      continue;
    }
    const status = lstatSync(diskPath(root, path), { throwIfNoEntry: false });
    if (status === undefined) continue;
    if (!status.isDirectory() && !status.isFile() && !status.isSymbolicLink()) {
      leaveOut({ path, reason: 'It is no file: a socket, a FIFO or a device.' });
      continue;
    }
    yield { path, status };
    if (status.isDirectory()) yield* sourceTree(root, path, skipped, leaveOut);
  }
}

/** Where a symlink leads, as a byte string. */
export function linkTarget(root: string, path: TreePath): string {
  try {
    return readlinkSync(diskPath(root, path), 'latin1');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A path in an error or a note. */
export function quoted(path: TreePath): string {
  return `"${textFromPath(path)}"`;
}
