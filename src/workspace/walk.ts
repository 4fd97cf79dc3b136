import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { isAbsent } from '../base/system-error.ts';
import { type FileName, joinPath, type TreePath } from '../tree/path.ts';
import { diskPath } from './disk-path.ts';
import { diskStatus } from './disk-status.ts';
import { type IgnoreRules, ignoreFileName } from './ignore-rules.ts';
import type { LeftBehindKind } from './left-behind.ts';
import { markerName } from './marker-name.ts';
import { keptPermissions } from './permissions.ts';
import { unreadable } from './workspace-error.ts';

/** What a walk found under one name. */
export interface Found {
  readonly path: TreePath;
  readonly name: FileName;
  readonly kind: FoundKind;
}

/**
 * What is kept, what is left behind, and two kinds that are neither but may matter later: a directory in which nothing
 * is kept so far, and a `.gitignore` that is itself ignored.
 */
type FoundKind = 'file' | 'symlink' | 'directory' | 'unkept-directory' | 'ignored-rules' | LeftBehindKind;

/** A directory and what in it is to be kept, in the order of the names. */
export interface FoundDirectory {
  readonly path: TreePath;
  readonly status: Stats;
  readonly mode: number;
  readonly found: readonly Found[];
  /** Whether the directory itself is to be kept: it keeps something, or has nothing in it at all. */
  readonly kept: boolean;
}

export interface WalkOptions {
  /** Absolute path of the directory that the walk's paths are relative to. */
  readonly root: string;
  /** Whether `.gitignore` files count. */
  readonly ignoring: boolean;
  /** Whether a directory with a `.git` in it is walked (the `.git` is left behind) or left behind as a whole. */
  readonly nestedRepositories: 'walk' | 'leave';
}

/**
 * Lists everything below `directory` that is to be kept and what cannot be, without reading a file. `rules` are those
 * of the directories above. Each directory is handed to `take` after those inside of it. Undefined, without a word, for a
 * directory that has gone since it was listed.
 *
 * The marker of a checkout and a `.git` at the root are passed over silently, and so are the `.nfs…` files in which an
 * NFS client keeps what was deleted while open. A directory in which all is ignored counts as ignored itself.
 */
export function walk(
  options: WalkOptions,
  directory: TreePath,
  rules: IgnoreRules,
  take: (directory: FoundDirectory) => void,
): FoundDirectory | undefined {
  const status = statusOf(options.root, directory);
  if (status === undefined) return undefined;
  const here = options.ignoring ? rules.within(options.root, directory) : rules;
  const names = listNames(options.root, directory);
  const found: Found[] = [];
  let keeps = false;
  for (const entry of names) {
    const item = classify(directory, entry, here, (path) => isLeftRepository(options, path));
    if (item === undefined) continue;
    if (item.kind === 'directory') {
      const below = walk(options, item.path, here, take);
      if (below === undefined) continue;
      found.push(below.kept ? item : { ...item, kind: 'unkept-directory' });
      keeps ||= below.kept;
    } else {
      found.push(item);
      keeps ||= item.kind === 'file' || item.kind === 'symlink';
    }
  }
  const mode = keptPermissions(status.mode);
  const result = { path: directory, status, mode, found, kept: keeps || names.length === 0 };
  take(result);
  return result;
}

/** Whether a directory is a repository of its own, and as such to be left behind. */
export function isLeftRepository(options: WalkOptions, path: TreePath): boolean {
  return options.nestedRepositories === 'leave' && diskStatus(options.root, `${path}/.git`) !== undefined;
}

/**
 * What is to be done with a name that is in no tree; undefined when nothing: it is ignored, or passed over. `isLeft` is
 * asked about directories that would be walked.
 */
export function classify(
  directory: TreePath,
  entry: DirectoryItem,
  rules: IgnoreRules,
  isLeft: (path: TreePath) => boolean,
): Found | undefined {
  const name = entry.name as FileName;
  if (isPassedOver(directory, name)) return undefined;
  const path = joinPath(directory, name);
  if (isGitName(name)) return { path, name, kind: 'git-directory' };
  const isDirectory = entry.isDirectory();
  if (rules.ignores(path, isDirectory ? 'directory' : 'other')) {
    return name === ignoreFileName && entry.isFile() ? { path, name, kind: 'ignored-rules' } : undefined;
  }
  if (isDirectory) return { path, name, kind: isLeft(path) ? 'nested-repository' : 'directory' };
  if (entry.isFile()) return { path, name, kind: 'file' };
  if (entry.isSymbolicLink()) return { path, name, kind: 'symlink' };
  return { path, name, kind: specialKind(entry) };
}

/** What git takes for its own, in any case: on some file systems it is. */
export function isGitName(name: string): boolean {
  return name.toLowerCase() === '.git';
}

/** What a checkout takes for its own. */
export function isMarkerName(name: string): boolean {
  return name.toLowerCase() === markerName;
}

/** What is never looked at. */
function isPassedOver(directory: TreePath, name: string): boolean {
  if (directory === '' && (isGitName(name) || isMarkerName(name))) return true;
  return /^\.nfs[0-9a-f]{16,}$/.test(name);
}

/** What a listing or a status tells of a name. */
export type DirectoryItem = Pick<
  Dirent,
  'name' | 'isDirectory' | 'isFile' | 'isSymbolicLink' | 'isFIFO' | 'isSocket'
>;

/** The names in a directory, as byte strings, in their order. None in a directory that has gone, but for the root. */
export function listNames(root: string, directory: TreePath): DirectoryItem[] {
  try {
    const where = diskPath(root, directory);
    const entries = readdirSync(where, { withFileTypes: true, encoding: 'latin1' });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (directory !== '' && isAbsent(error)) return [];
    throw unreadable(directory === '' ? root : directory, error);
  }
}

function specialKind(entry: DirectoryItem): LeftBehindKind {
  if (entry.isFIFO()) return 'fifo';
  return entry.isSocket() ? 'socket' : 'device';
}

/** The status of a directory; undefined when it has gone, or is none any more. */
function statusOf(root: string, directory: TreePath): Stats | undefined {
  if (directory !== '') {
    const status = diskStatus(root, directory);
    return status?.isDirectory() ? status : undefined;
  }
  try {
    return statSync(root);
  } catch (error) {
    throw unreadable(root, error);
  }
}
