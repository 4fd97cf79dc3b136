import { type FileName, joinPath, rootPath, type TreePath } from '../tree/path.ts';
import { WalkRecord } from './directory-walk.ts';
import { type GitTreeEntry, kindOfMode, parseGitTree } from './git-tree.ts';
import { idBytesOf, type ObjectId } from './object-id.ts';
import { type ObjectReader, wholeBytes } from './object-reader.ts';
import type { Repository } from './repository.ts';

/** A path at which two git trees differ. Directories are not named, only what is in them. */
export interface GitChange {
  readonly path: TreePath;
  /** What is there afterwards; undefined when it is gone, or a directory now. */
  readonly after: GitTreeEntry | undefined;
}

interface DirectoryPair {
  readonly path: TreePath;
  readonly before: ObjectId | undefined;
  readonly after: ObjectId | undefined;
}

/**
 * What differs between two git trees, each path once. `git diff-tree` would read the same objects, but takes modes 644
 * and 664 for the same.
 */
export async function diffGitTrees(
  repository: Repository,
  reader: ObjectReader,
  before: ObjectId,
  after: ObjectId,
): Promise<{ readonly changes: readonly GitChange[]; readonly record: WalkRecord }> {
  const idBytes = idBytesOf[repository.objectFormat];
  const record = new WalkRecord();
  const changes: GitChange[] = [];
  let level: DirectoryPair[] = before === after ? [] : [{ path: rootPath, before, after }];
  while (level.length > 0) {
    const trees = new Map<ObjectId, Buffer>();
    const ids = new Set(level.flatMap((pair) => [pair.before, pair.after]).filter((id) => id !== undefined));
    for await (const object of reader.readAll(ids)) trees.set(object.id, wholeBytes(object, 'tree'));
    const below: DirectoryPair[] = [];
    for (const pair of level) {
      const { path } = pair;
      const read = (id: ObjectId | undefined) =>
        id === undefined ? undefined : parseGitTree(trees.get(id)!, idBytes, path);
      const left = read(pair.before)?.entries ?? [];
      const right = read(pair.after);
      if (right !== undefined) record.visit(path, right);
      compare(path, left, right?.entries ?? [], changes, below);
    }
    level = below;
  }
  return { changes, record };
}

function compare(
  directory: TreePath,
  before: readonly GitTreeEntry[],
  after: readonly GitTreeEntry[],
  changes: GitChange[],
  below: DirectoryPair[],
): void {
  const old = new Map<FileName, GitTreeEntry>(before.map((entry) => [entry.name, entry]));
  const step = (left: GitTreeEntry | undefined, right: GitTreeEntry | undefined) => {
    if (left?.id === right?.id && left?.mode === right?.mode) return;
    const path = joinPath(directory, (right ?? left)!.name);
    const leftTree = treeId(left, path);
    const rightTree = treeId(right, path);
    if (leftTree !== rightTree) below.push({ path, before: leftTree, after: rightTree });
    const wasContent = left !== undefined && leftTree === undefined;
    const isContent = right !== undefined && rightTree === undefined;
    if (isContent) changes.push({ path, after: right });
    else if (wasContent) changes.push({ path, after: undefined });
  };
  for (const right of after) {
    step(old.get(right.name), right);
    old.delete(right.name);
  }
  for (const left of old.values()) step(left, undefined);
}

function treeId(entry: GitTreeEntry | undefined, path: TreePath): ObjectId | undefined {
  return entry !== undefined && kindOfMode(entry.mode, path) === 'directory' ? entry.id : undefined;
}
