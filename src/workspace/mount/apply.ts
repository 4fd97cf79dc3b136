import type { Hash } from '../../base/hash.ts';
import { type TreeChange, treeChanges } from '../../tree/diff.ts';
import { type Entry, sameEntry } from '../../tree/entry.ts';
import { baseName, joinPath, parentPath, type TreePath, textFromPath } from '../../tree/path.ts';
import { type Caller, listingStart } from '../../vfs/file-system.ts';
import { type Inode, rootInode } from '../../vfs/inode.ts';
import { listNames } from '../../vfs/operations/list.ts';
import { removeDirectory, removeFile } from '../../vfs/operations/remove.ts';
import { recordedTree, setRecordedTree } from '../../vfs/recording/changes.ts';
import { recordedContent } from '../../vfs/recording/content.ts';
import { placeEntry, placeMode } from '../../vfs/recording/place.ts';
import { resident } from '../../vfs/resident.ts';
import type { SessionFileSystem } from '../../vfs/session-file-system.ts';
import type { Volume } from '../../vfs/volume.ts';
import { ignoreFileName } from '../ignore-rules.ts';
import { keptPermissions } from '../permissions.ts';
import type { ProjectContent } from '../project-content.ts';
import { isGitName, isMarkerName } from '../walk.ts';
import { changedSince, inTheWay, WorkspaceError } from '../workspace-error.ts';
import { CaptureMemory } from './capture-memory.ts';

const superuser: Caller = { uid: 0, gid: 0, groups: [] };

/**
 * Brings the files of a session's file system to `tree`. All is checked before the first file is touched, and nobody
 * else changes anything in between: throws `workspace/changed` for a file that is not as the last capture recorded it,
 * and `workspace/in-the-way` for one that is not recorded and would be overwritten. A replaced file is a new one: who
 * has the old one open, or another name for it, keeps the old content. A directory that keeps something stays.
 */
export async function applyTree(
  fileSystem: SessionFileSystem,
  content: ProjectContent,
  tree: Hash,
): Promise<void> {
  const { volume } = fileSystem;
  const changes = await treeChanges(content.nodes, recordedTree(volume), tree);
  for (const { path, after } of changes) if (after !== undefined) requireAllowed(path);
  const removed = new Set(changes.filter(({ after }) => after === undefined).map(({ path }) => path));
  await resident(() => {
    for (const change of changes) check(volume, change, removed);
  });
  // All that is asked for below was asked for above and is in memory, so this is one turn, and one transaction.
  await resident(() => {
    for (const change of deepestFirst(changes)) takeAway(volume, change);
    for (const change of changes) put(volume, change);
    rememberRules(volume, changes);
    setRecordedTree(volume, tree);
    fileSystem.flush();
  });
}

/** A tree from elsewhere may hold names that belong to git or to the workspace itself. */
function requireAllowed(path: TreePath): void {
  const segments = path.split('/');
  if (!segments.some(isGitName) && !isMarkerName(segments[0]!)) return;
  throw new WorkspaceError(
    'workspace/denied',
    `"${textFromPath(path)}" cannot be written: git or the workspace itself uses that name. Take it out of the project, then do it again.`,
  );
}

/** Throws unless what is at the change's path may become what it says. Changes nothing. `removed` are paths that go. */
function check(volume: Volume, { path, before, after }: TreeChange, removed: ReadonlySet<TreePath>): void {
  const inode = inodeAt(volume, path);
  const directory = inodeAt(volume, parentPath(path));
  // Brings into memory what the change itself will ask for.
  if (directory?.type === 'directory') volume.overlaid(directory);
  if (before === undefined) {
    const bothDirectories = inode?.type === 'directory' && after !== undefined && isDirectory(after);
    if (inode !== undefined && !bothDirectories) throw inTheWay(path);
    return;
  }
  if (inode === undefined) {
    if (after !== undefined) throw changedSince(path);
    return;
  }
  if (!isAsRecorded(inode, before)) throw changedSince(path);
  if (inode.type === 'directory' && after !== undefined && !isDirectory(after)) {
    requireNothingElse(volume, path, inode, removed);
  }
}

/** Throws when a directory that gives way to a file has something in it besides what is removed anyhow. */
function requireNothingElse(
  volume: Volume,
  directory: TreePath,
  inode: Inode,
  removed: ReadonlySet<TreePath>,
): void {
  listNames(volume, inode, listingStart, (name, child) => {
    const path = joinPath(directory, name);
    if (!removed.has(path)) throw inTheWay(path);
    if (child.type === 'directory') requireNothingElse(volume, path, child, removed);
    return true;
  });
}

/** True for what is a directory in a file system. */
function isDirectory(entry: Entry): boolean {
  return entry.type === 'directory' || entry.type === 'gitlink';
}

function isAsRecorded(inode: Inode, before: Entry): boolean {
  switch (before.type) {
    case 'gitlink':
    case 'directory':
      return inode.type === 'directory';
    case 'symlink':
      return inode.type === 'symlink' && recordedContent(inode)?.hash === before.hash;
    case 'file': {
      const mode = inode.mode & 0o777;
      const isSameMode = mode === before.mode || keptPermissions(mode) === before.mode;
      return inode.type === 'file' && isSameMode && recordedContent(inode)?.hash === before.hash;
    }
  }
}

/** Takes away what the change replaces or removes. A directory in which something else is stays. */
function takeAway(volume: Volume, { path, before, after }: TreeChange): void {
  if (before === undefined) return;
  const directory = inodeAt(volume, parentPath(path));
  const inode = inodeAt(volume, path);
  if (directory === undefined || inode === undefined) return;
  if (inode.type !== 'directory') {
    if (!isOtherMode(before, after)) removeFile(volume, superuser, directory.inode, baseName(path));
  } else if ((after === undefined || !isDirectory(after)) && volume.isEmpty(inode)) {
    removeDirectory(volume, superuser, directory.inode, baseName(path));
  }
}

/** True when a file only gets other permissions. */
function isOtherMode(before: Entry, after: Entry | undefined): boolean {
  return before.type === 'file' && after?.type === 'file' && before.hash === after.hash;
}

/** Makes what the change brings. The tree's order has directories before what is in them. */
function put(volume: Volume, { path, before, after }: TreeChange): void {
  if (after === undefined) return;
  const directory = inodeAt(volume, parentPath(path))!;
  const inode = inodeAt(volume, path);
  if (inode === undefined) placeEntry(volume, directory.inode, baseName(path), after);
  else if ('mode' in after && !sameEntry(before, after)) placeMode(volume, inode.inode, after.mode);
}

/** Other rules come with the tree: the next capture cannot tell that from what it has recorded. */
function rememberRules(volume: Volume, changes: readonly TreeChange[]): void {
  const rules = changes.filter(({ path }) => baseName(path) === ignoreFileName);
  if (rules.length === 0) return;
  const memory = CaptureMemory.read(volume);
  for (const { path } of rules) memory.addUnseenRules(parentPath(path));
  memory.write(volume);
}

/** What stands at `path`; undefined where nothing does. */
function inodeAt(volume: Volume, path: TreePath): Inode | undefined {
  let at = volume.inode(rootInode);
  for (const name of path === '' ? [] : path.split('/')) {
    const found = at.type === 'directory' ? volume.find(at, name) : undefined;
    if (found === undefined) return undefined;
    at = volume.inode(found);
  }
  return at;
}

function deepestFirst(changes: readonly TreeChange[]): TreeChange[] {
  const depth = ({ path }: TreeChange): number => path.split('/').length;
  return changes.toSorted((a, b) => depth(b) - depth(a));
}
