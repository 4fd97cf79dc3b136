import { lstatSync, type Stats } from 'node:fs';
import type { Hash } from '../../base/hash.ts';
import { treeChanges } from '../../tree/diff.ts';
import { editTree, type TreeEdit } from '../../tree/edit.ts';
import { directoryMode, type Entry } from '../../tree/entry.ts';
import { NodeTransaction } from '../../tree/node-store.ts';
import { baseName, type TreePath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import type { ProjectContent } from '../project-content.ts';
import { DiskCheck } from './disk-check.ts';
import { clearIntent, readIntent } from './journal.ts';
import type { Marker } from './marker.ts';
import { rowKind, rowOf } from './row.ts';
import { hasRealParents } from './safe-removal.ts';
import { clearStaging } from './staging.ts';
import type { CheckoutState } from './state.ts';
import { StateEdit } from './state-edit.ts';
import { fileSystemNow, writeState } from './state-file.ts';
import { makeDirectory, writeFiles } from './tree-writer.ts';
import { distrustDirectories } from './update.ts';

/**
 * Brings the record of a checkout in line with the disk after an update that was killed on the way: whatever the disk
 * has of the new tree counts as recorded, and the rest is as it was before. What was changed by others meanwhile is
 * left for the next snapshot to find. Returns the state to go on with.
 */
export async function settleUpdate(
  content: ProjectContent,
  root: string,
  marker: Marker,
  state: CheckoutState,
): Promise<CheckoutState> {
  const intent = readIntent(marker);
  if (intent === undefined) return state;
  const settled =
    intent.kind === 'update' && intent.before === state.tree
      ? await settle(content, root, marker, state, intent.after)
      : state;
  clearIntent(marker);
  clearStaging(marker);
  return settled;
}

async function settle(
  content: ProjectContent,
  root: string,
  marker: Marker,
  state: CheckoutState,
  after: Hash,
): Promise<CheckoutState> {
  const changes = await treeChanges(content.nodes, state.tree, after);
  const batch = await content.blobs.openBatch({ expects: 'few' });
  const check = new DiskCheck(root, batch);
  const rows = new StateEdit(state);
  const edits: TreeEdit[] = [];
  for (const { path, before, after } of changes) {
    const status = check.status(path);
    if (after === undefined) {
      if (status !== undefined) continue;
      edits.push({ path, entry: undefined });
      if (rows.row(path) !== undefined) rows.delete(path);
      continue;
    }
    const wasTakenAway = status === undefined && before !== undefined && hasRealParents(root, path);
    const present = wasTakenAway ? await putBack(content, root, path, after) : status;
    if (present === undefined || !(await check.holds(path, present, after))) continue;
    edits.push({ path, entry: after });
    rows.set(path, {
      ...rowOf(baseName(path), rowKind[after.type], present, { recorded: true }),
      unsure: true,
    });
  }
  distrustDirectories(rows, changes);
  const tree = await editTree(new NodeTransaction(content.nodes, batch), state.tree, edits);
  await batch.flush();
  const settled = rows.build(tree, fileSystemNow(marker));
  writeState(marker, settled);
  return settled;
}

/** Makes what the update had removed but not yet replaced, and returns its status. */
async function putBack(content: ProjectContent, root: string, path: TreePath, entry: Entry): Promise<Stats> {
  if (entry.type === 'directory' || entry.type === 'gitlink') {
    makeDirectory(root, path, entry.type === 'directory' ? entry.mode : directoryMode);
  } else {
    await writeFiles(content, root, [{ path, entry }]);
  }
  return lstatSync(diskPath(root, path));
}
