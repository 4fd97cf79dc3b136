import type { Hash } from '../../base/hash.ts';
import type { Conflict } from '../../merge/conflict.ts';
import { mergeTrees } from '../../merge/merge-trees.ts';
import { type TreeChange, treeChanges } from '../../tree/diff.ts';
import { editTree } from '../../tree/edit.ts';
import type { NodeSource, NodeTransaction } from '../../tree/node-store.ts';
import type { FileTransaction } from '../file-transaction.ts';
import { type PathFilter, PathQuery } from '../path-filter.ts';
import { treeMergePort } from '../tree-merge-port.ts';

/** How conflict markers call the versions. */
const mergeLabels = { ours: 'head', base: 'base', theirs: 'session' };

export type Merged =
  | {
      readonly outcome: 'clean';
      readonly tree: Hash;
      /** What the merge changes of the head. */
      readonly changes: readonly TreeChange[];
    }
  | { readonly outcome: 'conflict'; readonly conflicts: readonly Conflict[] };

/** What lands: the changes from a base, worked out once for every attempt to land them. */
export interface Changes {
  readonly base: Hash;
  readonly tree: Hash;
  readonly changes: readonly TreeChange[];
  readonly query: PathQuery;
}

export async function changesBetween(nodes: NodeSource, base: Hash, tree: Hash): Promise<Changes> {
  const changes = await treeChanges(nodes, base, tree);
  return { base, tree, changes, query: PathQuery.of(changes) };
}

/**
 * Merges changes onto the tree `head`. `since` are the path filters of all landings that led from the base to the head,
 * or undefined when they are too many to look at: where they tell that nothing can meet, the changes apply as they are
 * and the head's own changes are never read.
 */
export async function mergeOntoHead(
  files: FileTransaction,
  nodes: NodeTransaction,
  head: Hash,
  theirs: Changes,
  since: readonly PathFilter[] | undefined,
): Promise<Merged> {
  const { base, tree, changes, query } = theirs;
  if (head === base) return { outcome: 'clean', tree, changes };
  if (since !== undefined && !since.some((filter) => filter.mayTouch(query))) {
    return { outcome: 'clean', tree: await editTree(nodes, head, editsOf(changes)), changes };
  }
  const merged = await mergeTrees({
    changes: { ours: await treeChanges(nodes, base, head), theirs: changes },
    labels: mergeLabels,
    port: treeMergePort(files, nodes, { base, attributes: head }),
  });
  if (merged.conflicts.length > 0) return { outcome: 'conflict', conflicts: merged.conflicts };
  const result = await editTree(nodes, head, merged.edits);
  return { outcome: 'clean', tree: result, changes: await treeChanges(nodes, head, result) };
}

function editsOf(changes: readonly TreeChange[]) {
  return changes.map(({ path, after }) => ({ path, entry: after }));
}
