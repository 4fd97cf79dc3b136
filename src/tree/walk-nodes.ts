import type { Hash } from '../base/hash.ts';
import type { HashSet } from '../base/hash-set.ts';
import type { Entry } from './entry.ts';
import { pathOfKey } from './key.ts';
import type { InnerNode, LeafNode } from './node.ts';
import type { NodeSource } from './node-store.ts';
import type { TreePath } from './path.ts';

/** An entry of a tree, or a part of a tree that could not be read and why. */
export type Visit =
  | { readonly found: 'entry'; readonly path: TreePath; readonly entry: Entry }
  | { readonly found: 'damage'; readonly node: Hash; readonly cause: unknown };

/**
 * Visits the nodes of a tree that are not in `seen`, adds them to it, and yields their entries. Trees that share nodes,
 * walked with one `seen`, cost no more than what differs between them. What cannot be read is yielded as damage.
 */
export async function* walkUnseen(source: NodeSource, root: Hash, seen: HashSet): AsyncGenerator<Visit> {
  const waiting: Hash[] = [root];
  for (let hash = waiting.pop(); hash !== undefined; hash = waiting.pop()) {
    if (!seen.add(Buffer.from(hash, 'hex'))) continue;
    try {
      const node = await source.node(hash);
      if (node.level > 0) {
        waiting.push(...(node as InnerNode).children.map((child) => child.hash));
      } else {
        for (const { key, entry } of (node as LeafNode).items())
          yield { found: 'entry', path: pathOfKey(key), entry };
      }
    } catch (cause) {
      yield { found: 'damage', node: hash, cause };
    }
  }
}
