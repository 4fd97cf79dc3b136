import type { Hash } from '../base/hash.ts';
import { Cursor } from './cursor.ts';
import type { Entry } from './entry.ts';
import type { TreeKey } from './key.ts';
import { LevelWriter, writeLevelsAbove } from './level-writer.ts';
import type { ChildItem, EntryItem, InnerNode, LeafNode, TreeNode } from './node.ts';
import type { NodeSink, NodeSource } from './node-store.ts';

/** What becomes of one key: a new entry, or none. */
export interface KeyEdit {
  readonly key: TreeKey;
  readonly entry: Entry | undefined;
}

type Item = EntryItem | ChildItem;

/** One key of a level: the item it gets, or undefined when it goes. */
interface ItemEdit {
  readonly key: TreeKey;
  readonly item: Item | undefined;
}

/**
 * Applies edits, sorted by key and each key once, to the entries of a tree as they are, without looking after
 * directories, and returns the new root. Reads and writes the nodes around the edits, level by level: whole runs of
 * unchanged nodes between two edits are never read.
 */
export async function editEntries(
  nodes: NodeSource & NodeSink,
  root: Hash,
  edits: readonly KeyEdit[],
): Promise<Hash> {
  const { level: top } = await nodes.node(root);
  let pending: ItemEdit[] = edits.map(({ key, entry }) => ({ key, item: entry && { key, entry } }));
  for (let level = 0; level < top; level++) {
    if (pending.length === 0) return root;
    pending = await editLevel(nodes, root, level, pending);
  }
  if (pending.length === 0) return root;
  // The root is the only node of its level: what it is edited to are all nodes of that level.
  const written: ChildItem[] = [];
  const writer = new LevelWriter(top, nodes, (node) => written.push(node));
  for (const item of mergeItems(itemsOf(await nodes.node(root)), pending)) writer.add(item);
  writer.finish();
  return collapse(nodes, writeLevelsAbove(nodes, top, written));
}

/** Rewrites the nodes of one level around `edits` and returns what that changes in the level above. */
async function editLevel(
  nodes: NodeSource & NodeSink,
  root: Hash,
  level: number,
  edits: readonly ItemEdit[],
): Promise<ItemEdit[]> {
  const above = new Map<TreeKey, { before?: ChildItem; after?: ChildItem }>();
  const writer = new LevelWriter(level, nodes, (node) => {
    above.set(node.key, { ...above.get(node.key), after: node });
  });
  let next = 0;
  while (next < edits.length) {
    const cursor = await Cursor.seek(nodes, root, level, edits[next]!.key);
    // From the start of a node, which is always a boundary, to the next place where an old and a new boundary meet.
    for (;;) {
      const { node, isLast } = cursor;
      const end = node.keys.at(-1)!;
      let until = next;
      while (until < edits.length && (isLast || edits[until]!.key <= end)) until++;
      above.set(end, { ...above.get(end), before: { key: end, hash: node.hash, count: node.count } });
      for (const item of mergeItems(itemsOf(node), edits.slice(next, until))) writer.add(item);
      next = until;
      if (isLast) writer.finish();
      if (writer.isAtBoundary || !(await cursor.next())) break;
    }
  }
  const changes: ItemEdit[] = [];
  for (const [key, { before, after }] of above) {
    if (before?.hash !== after?.hash) changes.push({ key, item: after });
  }
  return changes.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function itemsOf(node: TreeNode): readonly Item[] {
  return node.level === 0 ? (node as LeafNode).items() : (node as InnerNode).children;
}

function* mergeItems(items: readonly Item[], edits: readonly ItemEdit[]): Generator<Item> {
  let i = 0;
  for (const edit of edits) {
    while (i < items.length && items[i]!.key < edit.key) yield items[i++]!;
    if (items[i]?.key === edit.key) i++;
    if (edit.item !== undefined) yield edit.item;
  }
  while (i < items.length) yield items[i++]!;
}

/** A root with one child says nothing that the child does not: the tree is the child. */
async function collapse(nodes: NodeSource, root: Hash): Promise<Hash> {
  let node = await nodes.node(root);
  while (node.level > 0 && node.keys.length === 1) {
    node = await nodes.node((node as InnerNode).children[0]!.hash);
  }
  return node.hash;
}
