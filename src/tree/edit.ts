import type { Hash } from '../base/hash.ts';
import { editEntries, type KeyEdit } from './edit-level.ts';
import { directoryMode, type Entry } from './entry.ts';
import { compareKeys, keyOf } from './key.ts';
import { listDirectory, lookup } from './lookup.ts';
import type { NodeSink, NodeSource } from './node-store.ts';
import { ancestorsOf, isTreePath, type TreePath, textFromPath } from './path.ts';
import { TreeError } from './tree-error.ts';

/** What becomes of one path: a new entry, or none. */
export interface TreeEdit {
  readonly path: TreePath;
  readonly entry: Entry | undefined;
}

/**
 * Applies edits, in any order and each path once, to a tree and returns its new root. The result is a whole tree:
 *
 * - missing directories above a new entry are made;
 * - removing a directory removes its own entry only, and is ignored while something is still inside;
 * - what is not there is removed without a word.
 *
 * Throws `tree/not-a-directory` when a new entry would lie below something that is no directory, and
 * `tree/directory-not-empty` when something else would take the place of a directory that keeps content.
 */
export async function editTree(
  nodes: NodeSource & NodeSink,
  root: Hash,
  edits: readonly TreeEdit[],
): Promise<Hash> {
  const wanted = new Map<TreePath, Entry | undefined>();
  for (const { path, entry } of edits) {
    if (!isTreePath(path)) {
      throw new TreeError('tree/path-invalid', `"${textFromPath(path)}" cannot be a path in a tree.`);
    }
    wanted.set(path, entry);
  }
  await addMissingDirectories(nodes, root, wanted);
  const removedDirectories = await directoriesAmong(nodes, root, wanted);
  for (const path of removedDirectories) if (wanted.get(path) === undefined) wanted.delete(path);
  const edited = await editEntries(nodes, root, sortedEdits(wanted));
  return removeEmptied(nodes, edited, removedDirectories, wanted);
}

/** Adds, for each new entry, the directories above it that neither the tree nor the edits have. */
async function addMissingDirectories(
  nodes: NodeSource,
  root: Hash,
  wanted: Map<TreePath, Entry | undefined>,
): Promise<void> {
  const checked = new Set<TreePath>();
  for (const [path, entry] of [...wanted]) {
    if (entry === undefined) continue;
    for (const directory of ancestorsOf(path)) {
      if (checked.has(directory)) break;
      checked.add(directory);
      const planned = wanted.get(directory);
      const present = planned ?? (await lookup(nodes, root, directory));
      if (present?.type === 'directory') {
        // Something is inside after all: what may have asked for its removal is ignored.
        if (planned === undefined) wanted.delete(directory);
      } else if (present === undefined || (wanted.has(directory) && planned === undefined)) {
        wanted.set(directory, { type: 'directory', mode: directoryMode });
      } else {
        throw new TreeError(
          'tree/not-a-directory',
          `"${textFromPath(path)}" cannot be made: "${textFromPath(directory)}" is a ${present.type}, not a directory.`,
        );
      }
    }
  }
}

/** The paths that are directories in the tree and shall be no more, deepest first. */
async function directoriesAmong(
  nodes: NodeSource,
  root: Hash,
  wanted: ReadonlyMap<TreePath, Entry | undefined>,
): Promise<TreePath[]> {
  const directories: TreePath[] = [];
  for (const [path, entry] of wanted) {
    if (entry?.type === 'directory') continue;
    const before = await lookup(nodes, root, path);
    if (before?.type === 'directory') directories.push(path);
  }
  return directories.sort((a, b) => depth(b) - depth(a));
}

async function removeEmptied(
  nodes: NodeSource & NodeSink,
  root: Hash,
  directories: readonly TreePath[],
  wanted: ReadonlyMap<TreePath, Entry | undefined>,
): Promise<Hash> {
  const removed = new Set<TreePath>();
  for (const directory of directories) {
    const keeps = await hasOther(nodes, root, directory, removed);
    if (!keeps) removed.add(directory);
    else if (wanted.has(directory)) {
      throw new TreeError(
        'tree/directory-not-empty',
        `"${textFromPath(directory)}" cannot become a ${wanted.get(directory)!.type}: it is a directory that is not empty.`,
      );
    }
  }
  const gone = [...removed].filter((path) => !wanted.has(path));
  return editEntries(nodes, root, sortedEdits(new Map(gone.map((path) => [path, undefined]))));
}

/** Whether `directory` has a child besides those in `removed`. */
async function hasOther(
  nodes: NodeSource,
  root: Hash,
  directory: TreePath,
  removed: ReadonlySet<TreePath>,
): Promise<boolean> {
  for await (const { name } of listDirectory(nodes, root, directory)) {
    if (!removed.has(`${directory}/${name}` as TreePath)) return true;
  }
  return false;
}

function sortedEdits(wanted: ReadonlyMap<TreePath, Entry | undefined>): KeyEdit[] {
  return Array.from(wanted, ([path, entry]) => ({ key: keyOf(path), entry })).sort((a, b) =>
    compareKeys(a.key, b.key),
  );
}

function depth(path: TreePath): number {
  let count = 0;
  for (const _ of ancestorsOf(path)) count++;
  return count;
}
