import type { Hash } from '../../base/hash.ts';
import type { TreeChange } from '../../tree/diff.ts';
import { treeChanges } from '../../tree/diff.ts';
import { baseName, joinPath, parentPath, type TreePath } from '../../tree/path.ts';
import { ignoreFileName } from '../ignore-rules.ts';
import type { ProjectContent } from '../project-content.ts';
import { DiskCheck } from './disk-check.ts';
import { clearIntent, writeIntent } from './journal.ts';
import type { Marker } from './marker.ts';
import { carryOut } from './plan-execution.ts';
import { rowKind } from './row.ts';
import { clearStaging, stageFiles } from './staging.ts';
import type { CheckoutState } from './state.ts';
import { StateEdit } from './state-edit.ts';
import { fileSystemNow, writeState } from './state-file.ts';
import { planUpdate } from './update-plan.ts';

/**
 * Brings the files of a checkout to `tree`. Everything is checked, and every new file written aside, before the first
 * file is touched. The caller holds the lock, and no update was left unfinished.
 */
export async function updateFiles(
  content: ProjectContent,
  root: string,
  marker: Marker,
  state: CheckoutState,
  tree: Hash,
): Promise<void> {
  const changes = await treeChanges(content.nodes, state.tree, tree);
  if (changes.length === 0) return;
  const rows = new StateEdit(state);
  const plan = await planUpdate(
    root,
    rows,
    new DiskCheck(root, await content.blobs.openBatch({ expects: 'few' })),
    changes,
  );
  try {
    await stageFiles(content, marker, plan.files);
  } catch (error) {
    clearStaging(marker);
    throw error;
  }
  writeIntent(marker, { kind: 'update', before: state.tree, after: tree });
  try {
    carryOut(root, marker, plan, rows);
  } finally {
    clearStaging(marker);
  }
  distrustDirectories(rows, changes);
  writeState(marker, rows.build(tree, fileSystemNow(marker)));
  clearIntent(marker);
}

/**
 * The directories around changes are to be listed by the next snapshot: a name that somebody else put there meanwhile
 * would otherwise not be seen. Where what is ignored changes, so are all below: names that were passed over may count now.
 */
export function distrustDirectories(rows: StateEdit, changes: readonly TreeChange[]): void {
  for (const directory of new Set(changes.map(({ path }) => parentPath(path)))) distrust(rows, directory);
  for (const { path } of changes)
    if (baseName(path) === ignoreFileName) distrustBelow(rows, parentPath(path));
}

function distrust(rows: StateEdit, directory: TreePath): void {
  const row = rows.row(directory);
  if (row !== undefined && !row.unsure) rows.set(directory, { ...row, unsure: true });
}

function distrustBelow(rows: StateEdit, directory: TreePath): void {
  for (const { name, kind } of [...rows.rows(directory)]) {
    if (kind !== rowKind.directory) continue;
    const path = joinPath(directory, name);
    distrust(rows, path);
    distrustBelow(rows, path);
  }
}
