import type { Hash } from '../../base/hash.ts';
import { editTree } from '../../tree/edit.ts';
import { lookup } from '../../tree/lookup.ts';
import { NodeTransaction } from '../../tree/node-store.ts';
import { joinPath, type TreePath } from '../../tree/path.ts';
import { type LeftBehind, leftBehind, leftBehindKinds } from '../left-behind.ts';
import type { ProjectContent } from '../project-content.ts';
import { judgeRows } from './judge-rows.ts';
import type { Marker } from './marker.ts';
import { rowKind } from './row.ts';
import { scan } from './scan.ts';
import { type CheckoutState, directoryAt, kindMask, nameAt, rowStart } from './state.ts';
import { fileSystemNow, writeState } from './state-file.ts';

export interface CheckoutSnapshot {
  readonly tree: Hash;
  readonly leftBehind: readonly LeftBehind[];
}

/** Records the files of a checkout as they are now. The caller holds the lock. */
export async function takeSnapshot(
  content: ProjectContent,
  root: string,
  marker: Marker,
  state: CheckoutState,
): Promise<CheckoutSnapshot> {
  const lookedMs = fileSystemNow(marker);
  const verdicts = judgeRows(root, state);
  const batch = await content.blobs.openBatch({ expects: 'few' });
  const recorded = (path: TreePath) => lookup(content.nodes, state.tree, path);
  const { edits, state: rows } = await scan({ root, state, verdicts, batch, recorded });
  if (rows.isEmpty) return { tree: state.tree, leftBehind: leftBehindOf(state) };
  const tree =
    edits.length === 0
      ? state.tree
      : await editTree(new NodeTransaction(content.nodes, batch), state.tree, edits);
  await batch.flush();
  const after = rows.build(tree, lookedMs);
  writeState(marker, after);
  return { tree, leftBehind: leftBehindOf(after) };
}

function leftBehindOf(state: CheckoutState): LeftBehind[] {
  const found: LeftBehind[] = [];
  let directory = 0;
  for (let row = 1; row < state.rowCount; row++) {
    if ((state.kind[row]! & kindMask) !== rowKind.leftBehind) continue;
    while (state.rowEnd[directory]! <= row || rowStart(state, directory) > row) directory++;
    const path: TreePath = joinPath(directoryAt(state, directory), nameAt(state, row));
    found.push(leftBehind(path, leftBehindKinds[state.mode[row]!] ?? 'device'));
  }
  return found;
}
