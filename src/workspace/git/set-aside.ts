import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Repository } from '../../git/repository.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { isAbsent, systemCode } from '../../storage/directory/disk-error.ts';
import { parentPath, rootPath, type TreePath } from '../../tree/path.ts';
import { hasRealParents, removeEmptyDirectory } from '../checkout/safe-removal.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { privateDirectory } from './workspace-record.ts';

/** Files of a removed workspace that git ignores, as they lie in the hub's git directory. */
export interface AsideFiles {
  /** Absolute; the files have their paths of the workspace below it. */
  readonly directory: string;
  readonly files: number;
  readonly bytes: number;
  /** When they were put there, in ms since the epoch. */
  readonly atMs: number;
}

/**
 * Moves files of a workspace into the hub's git directory, where only their owner sees them. They are not put into git: who
 * has them ignored does not want them there, and one of them may be a secret. Undefined where there is nothing to move.
 */
export function setAside(
  hub: Repository,
  slug: Slug,
  from: string,
  paths: readonly TreePath[],
): AsideFiles | undefined {
  if (paths.length === 0) return undefined;
  const directory = nextDirectory(hub, slug);
  try {
    for (const path of paths) moveFile(from, directory, path);
  } catch (error) {
    throw workspaceErrorFrom(error, `move files that git ignores to "${directory}"`);
  }
  return measure(directory);
}

/** What is set aside of a session, the newest first. */
export function asideOf(hub: Repository, slug: Slug): AsideFiles[] {
  return numbersIn(hub, slug).map((number) => measure(join(folderOf(hub, slug), String(number))));
}

/**
 * Moves back into a workspace what was set aside of its session, the newest first. A file whose place is taken stays aside.
 */
export function bringBackAside(hub: Repository, slug: Slug, to: string): void {
  for (const { directory } of asideOf(hub, slug)) {
    try {
      for (const path of filesIn(directory)) {
        if (diskStatus(to, path) === undefined && canStand(to, path)) moveFile(directory, to, path);
      }
      removeEmpty(directory, rootPath);
    } catch (error) {
      throw workspaceErrorFrom(error, `bring files back from "${directory}"`);
    }
  }
}

/** The sessions of which something is set aside. */
export function sessionsAside(hub: Repository): Slug[] {
  const folder = join(privateDirectory(hub.gitDirectory), 'aside');
  try {
    return readdirSync(folder).filter(isSlug);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw workspaceErrorFrom(error, `look into "${folder}"`);
  }
}

/** Deletes what is set aside of a session. */
export function deleteAside(hub: Repository, slug: Slug): void {
  const folder = folderOf(hub, slug);
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    throw workspaceErrorFrom(error, `delete "${folder}"`);
  }
}

function folderOf(hub: Repository, slug: Slug): string {
  return join(privateDirectory(hub.gitDirectory), 'aside', slug);
}

function numbersIn(hub: Repository, slug: Slug): number[] {
  try {
    const names = readdirSync(folderOf(hub, slug)).filter((name) => /^[1-9]\d*$/.test(name));
    return names.map(Number).sort((a, b) => b - a);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw workspaceErrorFrom(error, `look into "${folderOf(hub, slug)}"`);
  }
}

function nextDirectory(hub: Repository, slug: Slug): string {
  const folder = folderOf(hub, slug);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw workspaceErrorFrom(error, `make "${folder}"`);
  }
  for (let number = (numbersIn(hub, slug)[0] ?? 0) + 1; ; number++) {
    const directory = join(folder, String(number));
    try {
      mkdirSync(directory, { mode: 0o700 });
      return directory;
    } catch (error) {
      // Somebody else was faster.
      if (systemCode(error) !== 'EEXIST') throw workspaceErrorFrom(error, `make "${directory}"`);
    }
  }
}

/** Whether what is above `path` is directories, or nothing yet: nothing is written through a symlink. */
function canStand(root: string, path: TreePath): boolean {
  for (let above = parentPath(path); above !== rootPath; above = parentPath(above)) {
    const status = diskStatus(root, above);
    if (status !== undefined) return status.isDirectory() && hasRealParents(root, above);
  }
  return true;
}

function moveFile(from: string, to: string, path: TreePath): void {
  const [source, target] = [diskPath(from, path), diskPath(to, path)];
  mkdirSync(diskPath(to, parentPath(path)), { recursive: true });
  try {
    renameSync(source, target);
  } catch (error) {
    if (isAbsent(error)) return;
    if (systemCode(error) !== 'EXDEV') throw error;
    copyAcross(source, target);
    unlinkSync(source);
  }
}

/** To another file system. */
function copyAcross(source: string | Buffer, target: string | Buffer): void {
  const status = lstatSync(source);
  if (status.isSymbolicLink()) {
    symlinkSync(readlinkSync(source, 'buffer'), target);
    return;
  }
  copyFileSync(source, target);
  utimesSync(target, status.atimeMs / 1000, status.mtimeMs / 1000);
}

function filesIn(root: string, path: TreePath = rootPath): TreePath[] {
  const entries = readdirSync(diskPath(root, path), { withFileTypes: true, encoding: 'buffer' });
  return entries.flatMap((entry) => {
    const name = entry.name.toString('latin1');
    const below = (path === rootPath ? name : `${path}/${name}`) as TreePath;
    return entry.isDirectory() ? filesIn(root, below) : [below];
  });
}

function removeEmpty(root: string, path: TreePath): void {
  for (const entry of readdirSync(diskPath(root, path), { withFileTypes: true, encoding: 'buffer' })) {
    const name = entry.name.toString('latin1');
    if (entry.isDirectory()) removeEmpty(root, (path === rootPath ? name : `${path}/${name}`) as TreePath);
  }
  removeEmptyDirectory(root, path);
}

function measure(directory: string): AsideFiles {
  const paths = filesIn(directory);
  const bytes = paths.reduce((sum, path) => sum + (diskStatus(directory, path)?.size ?? 0), 0);
  return { directory, files: paths.length, bytes, atMs: statSync(directory).mtimeMs };
}
