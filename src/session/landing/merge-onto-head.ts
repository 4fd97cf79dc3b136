import type { Hash } from '../../base/hash.ts';
import type { BlobBatch } from '../../blob/blob-batch.ts';
import type { Conflict } from '../../merge/conflict.ts';
import { mergeTrees } from '../../merge/merge-trees.ts';
import { type TreeChange, treeChanges } from '../../tree/diff.ts';
import { editTree } from '../../tree/edit.ts';
import type { NodeTransaction } from '../../tree/node-store.ts';
import type { Landing } from '../head.ts';
import { PathFilter } from '../path-filter.ts';
import type { ProjectContext } from '../project.ts';
import { treeMergePort } from '../tree-merge-port.ts';

/** How conflict markers call the versions. */
export const mergeLabels = { ours: 'head', base: 'base', theirs: 'session' };

export type Merged =
  | { readonly outcome: 'clean'; readonly tree: Hash }
  | { readonly outcome: 'conflict'; readonly conflicts: readonly Conflict[] };

/** What lands: the changes from `base` to `tree`. */
export interface Changes {
  readonly base: Hash;
  readonly tree: Hash;
}

/**
 * Merges `changes` onto the tree `head`. `since` are all landings that led from the base to the head, or undefined when
 * they are too many to look at: where their path filters tell that nothing can meet, the changes apply as they are and
 * the head's own changes are never read.
 */
export async function mergeOntoHead(
  project: ProjectContext,
  batch: BlobBatch,
  nodes: NodeTransaction,
  head: Hash,
  changes: Changes,
  since: readonly Landing[] | undefined,
): Promise<Merged> {
  if (head === changes.base) return { outcome: 'clean', tree: changes.tree };
  const theirs = await treeChanges(nodes, changes.base, changes.tree);
  if (since !== undefined && !since.some((landing) => PathFilter.decode(landing.paths).mayTouch(theirs))) {
    return { outcome: 'clean', tree: await editTree(nodes, head, editsOf(theirs)) };
  }
  const ours = await treeChanges(nodes, changes.base, head);
  const merged = await mergeTrees({
    changes: { ours, theirs },
    labels: mergeLabels,
    port: treeMergePort(project, batch, nodes, changes.base),
  });
  if (merged.conflicts.length > 0) return { outcome: 'conflict', conflicts: merged.conflicts };
  return { outcome: 'clean', tree: await editTree(nodes, head, merged.edits) };
}

function editsOf(changes: readonly TreeChange[]) {
  return changes.map(({ path, after }) => ({ path, entry: after }));
}
