import { sameEntry } from '../tree/entry.ts';
import { pathFromText, type TreePath } from '../tree/path.ts';
import { collectChanges } from './change-collection.ts';
import type { SideChanges } from './change-tree.ts';
import type { Conflict } from './conflict.ts';
import type { ConflictLabels } from './conflict-markers.ts';
import { directoryEdits, type Edit, newEmptyDirectories } from './directory-edits.ts';
import { applyDirectoryRenames } from './directory-renames.ts';
import { resolveEntries } from './entry-resolution.ts';
import type { MergePort } from './merge-port.ts';
import type { PathTable } from './path-state.ts';
import { applyRenames } from './rename-application.ts';
import { detectRenames } from './rename-detection.ts';
import type { Side } from './stage.ts';

/**
 * A merge of two trees.
 *
 * `edits`, applied to our tree, give the merged one where there are no conflicts, and otherwise the tree that a
 * person resolves: `proposed` of a conflict says where its files are in it. They come sorted by path and hold at most
 * one edit a path. Whoever applies them
 *
 * - makes the directories above an entry that is put where there are none;
 * - ignores that a directory is to go while anything is left inside it, once all edits are done;
 * - may count on nothing being left below a path that becomes a file.
 */
export interface TreeMerge {
  readonly edits: readonly Edit[];
  readonly conflicts: readonly Conflict[];
}

export interface TreeMergeInput {
  /** What each side changed of the base, directories that came and went included, in any order. */
  readonly changes: SideChanges;
  readonly port: MergePort;
  /** How conflict markers, and files that have to make way (`path~label`), call the versions. */
  readonly labels?: ConflictLabels;
}

const defaultLabels: ConflictLabels = { ours: 'ours', base: 'base', theirs: 'theirs' };

/**
 * Merges what two sides made of one base. Everything that git's `merge-ort` calls a conflict is one here, and what it
 * merges merges to the same files. It works from the changes: the cost does not grow with the trees.
 */
export async function mergeTrees({
  changes,
  port,
  labels = defaultLabels,
}: TreeMergeInput): Promise<TreeMerge> {
  const markerLabels = {
    ours: pathFromText(labels.ours),
    base: pathFromText(labels.base),
    theirs: pathFromText(labels.theirs),
  };
  const { table, heads, candidates } = collectChanges(changes);
  const detected = {
    ours: await detectRenames(candidates.ours, port),
    theirs: await detectRenames(candidates.theirs, port),
  };
  const moved = await applyDirectoryRenames(table, detected, port);
  const options = { port, labels: markerLabels };
  await applyRenames(table, moved.renames, options);
  const freePath = freePathFinder(table, markerLabels, port);
  const emptyDirectories = [...newEmptyDirectories(changes.ours), ...newEmptyDirectories(changes.theirs)];
  const resolution = await resolveEntries(table, { ...options, freePath, emptyDirectories });
  const leafEdits: Edit[] = [];
  for (const path of new Set([...heads.keys(), ...resolution.leaves.keys()])) {
    const leaf = resolution.leaves.get(path);
    if (!sameEntry(leaf, heads.get(path))) leafEdits.push({ path, entry: leaf });
  }
  const directories = directoryEdits(changes, resolution, leafEdits);
  return {
    edits: [...leafEdits, ...directories.edits].sort(byPath),
    conflicts: [...moved.conflicts, ...resolution.conflicts, ...directories.conflicts].sort(byPath),
  };
}

function byPath(a: { readonly path: TreePath }, b: { readonly path: TreePath }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** Finds names for files that cannot stay where they are: `path~label`, and `path~label_0` and on where that is taken. */
function freePathFinder(table: PathTable, labels: ConflictLabels, port: Pick<MergePort, 'baseEntry'>) {
  return async (path: TreePath, side: Side, taken: (candidate: TreePath) => boolean): Promise<TreePath> => {
    const first = `${path}~${labels[side].replaceAll('/', '_')}`;
    for (let number = -1; ; number++) {
      const candidate = (number < 0 ? first : `${first}_${number}`) as TreePath;
      if (taken(candidate) || table.has(candidate)) continue;
      if ((await port.baseEntry(candidate)) === undefined) return candidate;
    }
  };
}
