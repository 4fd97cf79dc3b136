import type { Hash } from '../base/hash.ts';
import type { Conflict } from '../merge/conflict.ts';
import type { ConflictLabels } from '../merge/conflict-markers.ts';
import { mergeTrees } from '../merge/merge-trees.ts';
import { treeChanges } from '../tree/diff.ts';
import { editTree } from '../tree/edit.ts';
import { lookup } from '../tree/lookup.ts';
import { NodeTransaction } from '../tree/node-store.ts';
import { FileTransaction } from './file-transaction.ts';
import { entryText } from './landing/conflicts.ts';
import type { ProjectContext } from './project.ts';
import type { OpenConflict } from './session.ts';
import { treeMergePort } from './tree-merge-port.ts';

/** Two versions of a session's files, merged for somebody to go on with. */
export interface MergedFiles {
  /** The merged files, with conflict markers where there are conflicts. Durable. */
  readonly tree: Hash;
  readonly conflicts: readonly Conflict[];
  /** The same conflicts as the session keeps them until they are resolved. */
  readonly open: readonly OpenConflict[];
}

export interface MergedTrees {
  readonly base: Hash;
  readonly ours: Hash;
  readonly theirs: Hash;
  /** The tree whose `.gitattributes` count: one of those. */
  readonly attributes: Hash;
}

/** Merges two trees that come from `base` into one that can be edited further, conflicts included. */
export async function mergeFiles(
  project: ProjectContext,
  trees: MergedTrees,
  labels: ConflictLabels,
): Promise<MergedFiles> {
  const batch = await project.blobs.openBatch({ expects: 'few' });
  const nodes = new NodeTransaction(project.nodes, batch);
  const { edits, conflicts } = await mergeTrees({
    changes: {
      ours: await treeChanges(nodes, trees.base, trees.ours),
      theirs: await treeChanges(nodes, trees.base, trees.theirs),
    },
    labels,
    port: treeMergePort(new FileTransaction(project.blobs, batch), nodes, trees),
  });
  const tree = await editTree(nodes, trees.ours, edits);
  await batch.flush();
  const open: OpenConflict[] = [];
  for (const { path, kind, proposed } of conflicts) {
    const left = [];
    for (const place of proposed) {
      left.push({ path: place, entry: entryText(await lookup(project.nodes, tree, place)) });
    }
    open.push({ path, kind, left, resolved: false });
  }
  return { tree, conflicts, open };
}
