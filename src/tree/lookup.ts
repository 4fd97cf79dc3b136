import type { Hash } from '../base/hash.ts';
import { Cursor } from './cursor.ts';
import type { Entry } from './entry.ts';
import { firstKeyIn, keyOf, lastKeyIn, nameOfKey, pathOfKey, type TreeKey } from './key.ts';
import type { InnerNode, LeafNode } from './node.ts';
import type { NodeSource } from './node-store.ts';
import type { FileName, TreePath } from './path.ts';

/** The entry at `path`, or undefined. Reads one node a level. */
export async function lookup(source: NodeSource, root: Hash, path: TreePath): Promise<Entry | undefined> {
  const key = keyOf(path);
  const { leaf } = await Cursor.seek(source, root, 0, key);
  const index = leaf.position(key);
  return leaf.keys[index] === key ? leaf.entry(index) : undefined;
}

export interface ListedEntry {
  readonly name: FileName;
  readonly entry: Entry;
}

/** The entries of one directory in the order of their names, beginning strictly behind `after`. */
export async function* listDirectory(
  source: NodeSource,
  root: Hash,
  directory: TreePath,
  after?: FileName,
): AsyncGenerator<ListedEntry> {
  const from = after === undefined ? firstKeyIn(directory) : keyAfter(`${directory}\0${after}` as TreeKey);
  for await (const { key, entry } of scan(source, root, from, lastKeyIn(directory))) {
    yield { name: nameOfKey(key), entry };
  }
}

/** Every entry below `directory`, not `directory` itself: directory by directory, in the order of the tree's keys. */
export async function* listAll(
  source: NodeSource,
  root: Hash,
): AsyncGenerator<{ readonly path: TreePath; readonly entry: Entry }> {
  for await (const { key, entry } of scan(source, root, '' as TreeKey)) yield { path: pathOfKey(key), entry };
}

/** Entries with keys from `from` (inclusive) to `to` (exclusive; open where not given). */
async function* scan(
  source: NodeSource,
  root: Hash,
  from: TreeKey,
  to?: TreeKey,
): AsyncGenerator<{ key: TreeKey; entry: Entry }> {
  const cursor = await Cursor.seek(source, root, 0, from);
  let index = cursor.leaf.position(from);
  do {
    const { leaf } = cursor;
    for (; index < leaf.keys.length; index++) {
      const key = leaf.keys[index]!;
      if (to !== undefined && key >= to) return;
      yield { key, entry: leaf.entry(index) };
    }
    index = 0;
  } while (await cursor.next());
}

/** How many entries the tree has. */
export async function countEntries(source: NodeSource, root: Hash): Promise<number> {
  return (await source.node(root)).count;
}

/** How many entries lie before `path` in the order of the tree: its rank, if it has an entry. */
export async function rankOf(source: NodeSource, root: Hash, path: TreePath): Promise<number> {
  const key = keyOf(path);
  let node = await source.node(root);
  let rank = 0;
  while (node.level > 0) {
    const { children, ranks } = node as InnerNode;
    const index = Math.min(node.position(key), children.length - 1);
    rank += ranks[index]!;
    node = await source.node(children[index]!.hash);
  }
  return rank + node.position(key);
}

/** The entry with `rank` entries before it, or undefined when the tree has no more than `rank` entries. */
export async function entryAtRank(
  source: NodeSource,
  root: Hash,
  rank: number,
): Promise<{ readonly path: TreePath; readonly entry: Entry } | undefined> {
  let node = await source.node(root);
  let rest = rank;
  while (node.level > 0) {
    const inner = node as InnerNode;
    const index = inner.childAtRank(rest);
    rest -= inner.ranks[index]!;
    node = await source.node(inner.children[index]!.hash);
  }
  const leaf = node as LeafNode;
  const key = leaf.keys[rest];
  return key === undefined ? undefined : { path: pathOfKey(key), entry: leaf.entry(rest) };
}

/** The smallest key behind `key`: no key can lie between a string and the same string with a NUL. */
function keyAfter(key: TreeKey): TreeKey {
  return `${key}\0` as TreeKey;
}
