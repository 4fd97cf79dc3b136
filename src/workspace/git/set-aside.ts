import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { isAbsent } from '../../base/system-error.ts';
import type { Repository } from '../../git/repository.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { type FileName, joinPath, parentPath, rootPath, type TreePath } from '../../tree/path.ts';
import { hasRealParents, removeEmptyDirectory } from '../checkout/safe-removal.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { replaceFile } from '../replace-file.ts';
import { isGitName } from '../walk.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { duplicateFiles } from './duplicate-files.ts';
import { privateDirectory } from './workspace-record.ts';

/** Files of a removed workspace that git does not keep, as they lie in the hub's git directory. */
export interface AsideFiles {
  /** Absolute; the files have their paths of the workspace below it. */
  readonly directory: string;
  /** Without directories. */
  readonly files: number;
  readonly bytes: number;
  /** When they were put there, in ms since the epoch. */
  readonly atMs: number;
}

/** Of which workspace something is set aside, until that is deleted. */
const originSchema = v.object({
  /** Absolute. */
  directory: v.string(),
  device: v.number(),
  inode: v.number(),
  /** When it was made, in ms since the epoch: an inode number is used again. */
  bornMs: v.number(),
});

/**
 * Puts files of a workspace, and empty directories, into the hub's git directory, where only their owner sees them. They are
 * not put into git: who has them ignored does not want them there, and one of them may be a secret. The workspace keeps them
 * too: until it is deleted, and `settleAside` was told, they do not count. Undefined where there is nothing. One process at a
 * time does this for a session (`withPlaceLock`).
 */
export function setAside(
  hub: Repository,
  slug: Slug,
  from: string,
  paths: readonly TreePath[],
): AsideFiles | undefined {
  settleAside(hub, slug);
  if (paths.length === 0) return undefined;
  const directory = nextDirectory(hub, slug, from);
  duplicateFiles({ from, to: directory, paths });
  return measure(directory);
}

/**
 * What was set aside of a workspace that is gone now counts; what was set aside of one that is still there is deleted, since
 * that has it too.
 */
export function settleAside(hub: Repository, slug: Slug): void {
  const folder = folderOf(hub, slug);
  try {
    for (const number of numbersIn(hub, slug, /^([1-9]\d*)\.of$/)) {
      if (isPending(folder, number)) rmSync(join(folder, String(number)), { recursive: true, force: true });
      rmSync(join(folder, `${number}.of`), { force: true });
    }
  } catch (error) {
    throw workspaceErrorFrom(error, `tidy up "${folder}"`);
  }
}

/** What is set aside of a session, the newest first. */
export function asideOf(hub: Repository, slug: Slug): AsideFiles[] {
  const folder = folderOf(hub, slug);
  return numbersIn(hub, slug)
    .filter((number) => !isPending(folder, number))
    .map((number) => measure(join(folder, String(number))));
}

/** Files that a workspace has got back, and that are still aside as well. */
export interface BroughtBack {
  readonly directory: string;
  readonly paths: readonly TreePath[];
}

/**
 * Puts into a workspace what was set aside of its session, the newest first. A file whose place is taken stays aside, and so
 * does a `.git` as a whole. What was put there also stays, until `dropBroughtBack`.
 */
export function bringBackAside(hub: Repository, slug: Slug, to: string): BroughtBack[] {
  settleAside(hub, slug);
  return asideOf(hub, slug).map(({ directory }) => {
    const all = contentOf(directory);
    const units = new Set(all.flatMap((path) => repositoryAt(path) ?? []));
    const taken = new Set([...units].filter((unit) => !isFree(to, unit)));
    const paths = all.filter((path) => {
      const unit = repositoryAt(path);
      return unit === undefined ? isFree(to, path) : !taken.has(unit);
    });
    duplicateFiles({ from: directory, to, paths });
    return { directory, paths };
  });
}

/** Deletes what is aside of files that a workspace has got back. */
export function dropBroughtBack(brought: readonly BroughtBack[]): void {
  for (const { directory, paths } of brought) {
    try {
      for (const path of paths) {
        if (diskStatus(directory, path)?.isDirectory() === false) unlinkSync(diskPath(directory, path));
      }
      removeEmpty(directory, rootPath);
    } catch (error) {
      throw workspaceErrorFrom(error, `delete from "${directory}" what is in its workspace again`);
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

/** The numbers of what is set aside of a session, the newest first. */
function numbersIn(hub: Repository, slug: Slug, pattern = /^([1-9]\d*)$/): number[] {
  try {
    const names = readdirSync(folderOf(hub, slug)).flatMap((name) => pattern.exec(name)?.[1] ?? []);
    return names.map(Number).sort((a, b) => b - a);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw workspaceErrorFrom(error, `look into "${folderOf(hub, slug)}"`);
  }
}

/** Makes the next directory, which says first of which workspace it is. */
function nextDirectory(hub: Repository, slug: Slug, of: string): string {
  const folder = folderOf(hub, slug);
  const number = (numbersIn(hub, slug)[0] ?? 0) + 1;
  const directory = join(folder, String(number));
  try {
    const { dev, ino, birthtimeMs } = lstatSync(of);
    const origin: v.InferOutput<typeof originSchema> = {
      directory: of,
      device: dev,
      inode: ino,
      bornMs: birthtimeMs,
    };
    replaceFile(`${directory}.of`, `${JSON.stringify(origin)}\n`);
    mkdirSync(directory, { mode: 0o700 });
    return directory;
  } catch (error) {
    throw workspaceErrorFrom(error, `make "${directory}"`);
  }
}

/** Whether the workspace that a directory was filled from is still there, with all that it had. */
function isPending(folder: string, number: number): boolean {
  const path = join(folder, `${number}.of`);
  try {
    const { directory, device, inode, bornMs } = v.parse(
      originSchema,
      JSON.parse(readFileSync(path, 'utf8')),
    );
    const { dev, ino, birthtimeMs } = lstatSync(directory);
    return dev === device && ino === inode && birthtimeMs === bornMs;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw workspaceErrorFrom(error, `read "${path}"`);
  }
}

/** Whether nothing stands at `path`, and what is above it is directories, or nothing yet: nothing is written through a symlink. */
function isFree(root: string, path: TreePath): boolean {
  for (let above = parentPath(path); above !== rootPath; above = parentPath(above)) {
    const status = diskStatus(root, above);
    if (status === undefined) continue;
    return status.isDirectory() && hasRealParents(root, above) && diskStatus(root, path) === undefined;
  }
  return diskStatus(root, path) === undefined;
}

/** The `.git` that a path is, or is in. */
function repositoryAt(path: TreePath): TreePath | undefined {
  const names = path.split('/');
  const at = names.findIndex(isGitName);
  return at < 0 ? undefined : (names.slice(0, at + 1).join('/') as TreePath);
}

/** Files, symlinks and empty directories. */
function contentOf(root: string, path: TreePath = rootPath): TreePath[] {
  return namesIn(root, path).flatMap(({ below, isDirectory }) => {
    const content = isDirectory ? contentOf(root, below) : [];
    return content.length === 0 ? [below] : content;
  });
}

/** Empty directories of a repository that has files belong to it. */
function removeEmpty(root: string, path: TreePath): void {
  for (const { below, isDirectory } of namesIn(root, path)) {
    if (isDirectory && (below !== repositoryAt(below) || filesIn(root, below) === 0))
      removeEmpty(root, below);
  }
  removeEmptyDirectory(root, path);
}

function namesIn(
  root: string,
  path: TreePath,
): { readonly below: TreePath; readonly isDirectory: boolean }[] {
  const entries = readdirSync(diskPath(root, path), { withFileTypes: true, encoding: 'latin1' });
  return entries.map((entry) => ({
    below: joinPath(path, entry.name as FileName),
    isDirectory: entry.isDirectory(),
  }));
}

function filesIn(root: string, path: TreePath): number {
  return contentOf(root, path).filter((below) => diskStatus(root, below)?.isDirectory() === false).length;
}

function measure(directory: string): AsideFiles {
  const all = contentOf(directory).flatMap((path) => diskStatus(directory, path) ?? []);
  const files = all.filter((status) => !status.isDirectory());
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { directory, files: files.length, bytes, atMs: statSync(directory).mtimeMs };
}
