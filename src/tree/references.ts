import type { Hash } from '../base/hash.ts';
import type { ChildItem, EntryItem, InnerNode, LeafNode, TreeNode } from './node.ts';

/** The objects that a node of these items refers to, in their order: the nodes below it, or the contents of its files. */
export function referencesOf(items: readonly (EntryItem | ChildItem)[]): Hash[] {
  const references: Hash[] = [];
  for (const item of items) {
    if ('hash' in item) references.push(item.hash);
    else if (item.entry.type === 'file' || item.entry.type === 'symlink') references.push(item.entry.hash);
  }
  return references;
}

/** The objects that `node` refers to, in its order. */
export function referencesOfNode(node: TreeNode): Hash[] {
  return referencesOf(node.level === 0 ? (node as LeafNode).items() : (node as InnerNode).children);
}
