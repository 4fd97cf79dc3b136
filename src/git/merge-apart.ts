import { type FileName, joinPath, rootPath, type TreePath } from '../tree/path.ts';
import { encodeGitTree, type GitTreeEntry, gitMode, parseGitTree } from './git-tree.ts';
import type { ObjectSink, TreeSource } from './git-tree-edit.ts';
import { idBytesOf, type ObjectId } from './object-id.ts';
import type { Repository } from './repository.ts';

/** Three trees: what two sides began with, and what each has made of it. */
export interface TreeSides {
  readonly base: ObjectId;
  readonly ours: ObjectId;
  readonly theirs: ObjectId;
}

/** What both sides made of a directory: its tree, `'none'` where nothing is left in it, undefined where they met. */
type Merged = ObjectId | 'none' | undefined;

/**
 * The tree with the changes of both sides, where nothing was changed by both; undefined where something was, be it to the
 * same: a file that is gone on both may have got another name on each. It is what `git merge-tree` comes to for these
 * three, without a process, and reads only directories that both sides changed.
 */
export async function mergeApart(
  repository: Repository,
  objects: TreeSource & ObjectSink,
  sides: TreeSides,
): Promise<ObjectId | undefined> {
  const merged = await mergeTrees({ objects, idBytes: idBytesOf[repository.objectFormat] }, rootPath, sides);
  return merged === 'none' ? objects.add('tree', Buffer.alloc(0)) : merged;
}

interface TreeStore {
  readonly objects: TreeSource & ObjectSink;
  readonly idBytes: number;
}

async function mergeTrees(
  store: TreeStore,
  path: TreePath,
  { base, ours, theirs }: Omit<TreeSides, 'base'> & { readonly base: ObjectId | undefined },
): Promise<Merged> {
  if (ours === base) return theirs;
  if (theirs === base) return ours;
  const [before, here, there] = [
    await entriesOf(store, path, base),
    await entriesOf(store, path, ours),
    await entriesOf(store, path, theirs),
  ];
  const merged: GitTreeEntry[] = [];
  for (const name of new Set([...before.keys(), ...here.keys(), ...there.keys()])) {
    const [old, our, their] = [before.get(name), here.get(name), there.get(name)];
    if (isSame(our, old)) {
      if (their !== undefined) merged.push(their);
    } else if (isSame(their, old)) {
      if (our !== undefined) merged.push(our);
    } else {
      if (!isDirectory(our) || !isDirectory(their) || (old !== undefined && !isDirectory(old)))
        return undefined;
      const below = await mergeTrees(store, joinPath(path, name), {
        ...{ base: old?.id, ours: our.id, theirs: their.id },
      });
      if (below === undefined) return undefined;
      if (below !== 'none') merged.push({ name, mode: gitMode.directory, id: below });
    }
  }
  return merged.length === 0 ? 'none' : store.objects.add('tree', encodeGitTree(merged));
}

async function entriesOf(
  store: TreeStore,
  path: TreePath,
  id: ObjectId | undefined,
): Promise<ReadonlyMap<FileName, GitTreeEntry>> {
  if (id === undefined) return new Map();
  const { entries } = parseGitTree(await store.objects.read(id, 'tree'), store.idBytes, path);
  return new Map(entries.map((entry) => [entry.name, entry]));
}

function isSame(a: GitTreeEntry | undefined, b: GitTreeEntry | undefined): boolean {
  return a?.id === b?.id && a?.mode === b?.mode;
}

function isDirectory(entry: GitTreeEntry | undefined): entry is GitTreeEntry {
  return entry?.mode === gitMode.directory;
}
