import { type Change, type DirectoryEntry, directoryMode, type Entry, sameEntry } from '../tree/entry.ts';
import { ancestorsOf, parentPath, rootPath, type TreePath } from '../tree/path.ts';
import type { SideChanges } from './change-tree.ts';
import { type Conflict, conflict } from './conflict.ts';
import type { Resolution } from './entry-resolution.ts';
import { leafOf } from './stage.ts';

/** A path of our tree, and what it gets: an entry, or nothing at all. */
export interface Edit {
  readonly path: TreePath;
  readonly entry: Entry | undefined;
}

type Changes = ReadonlyMap<TreePath, Change<TreePath>>;

/**
 * What happens to directories themselves, which git knows nothing of: empty ones come and go, permissions change, and
 * a directory whose last files went, some on each side, goes too.
 */
export function directoryEdits(
  changes: SideChanges,
  resolution: Resolution,
): { readonly edits: Edit[]; readonly conflicts: Conflict[] } {
  const ours = byPath(changes.ours);
  const theirs = byPath(changes.theirs);
  const edits: Edit[] = [];
  const conflicts: Conflict[] = [];
  for (const change of changes.theirs) {
    const before = directoryOf(change.before);
    const after = directoryOf(change.after);
    if (sameEntry(before, after)) continue;
    const path = change.path;
    const mine = ours.get(path);
    const head = mine === undefined ? change.before : mine.after;
    const headDirectory = directoryOf(head);
    if (after === undefined) {
      if (headDirectory !== undefined && isVacated(path, resolution)) edits.push({ path, entry: undefined });
    } else if (resolution.leaves.get(path) !== undefined) {
      conflicts.push(conflict('file/directory', path, headVersions(path, head)));
    } else if (headDirectory === undefined) {
      if (!resolution.occupied.has(path) || after.mode !== directoryMode) edits.push({ path, entry: after });
    } else if (!sameEntry(headDirectory, after)) {
      if (sameEntry(headDirectory, before)) edits.push({ path, entry: after });
      else conflicts.push(conflict('mode', path, headVersions(path, undefined)));
    }
  }
  for (const path of emptiedByBoth(ours, theirs)) {
    if (isVacated(path, resolution)) edits.push({ path, entry: undefined });
  }
  return { edits, conflicts };
}

function byPath(changes: readonly Change<TreePath>[]): Changes {
  return new Map(changes.map((change) => [change.path, change]));
}

function directoryOf(entry: Entry | undefined): DirectoryEntry | undefined {
  return entry?.type === 'directory' ? entry : undefined;
}

function isVacated(path: TreePath, resolution: Resolution): boolean {
  return !resolution.occupied.has(path) && resolution.leaves.get(path) === undefined;
}

/**
 * Directories from which each side removed something that the other left, and those above: neither side saw them
 * empty. A directory that a side emptied and kept is not among them.
 */
function emptiedByBoth(ours: Changes, theirs: Changes): Set<TreePath> {
  const emptied = new Set<TreePath>();
  const oursParents = parentsOfRemoved(ours, theirs);
  for (const path of parentsOfRemoved(theirs, ours)) {
    if (!oursParents.has(path)) continue;
    emptied.add(path);
    for (const ancestor of ancestorsOf(path)) emptied.add(ancestor);
  }
  return emptied;
}

function parentsOfRemoved(changes: Changes, other: Changes): Set<TreePath> {
  const parents = new Set<TreePath>();
  for (const { path, before, after } of changes.values()) {
    if (before === undefined || after !== undefined) continue;
    const otherChange = other.get(path);
    const otherRemoved = otherChange !== undefined && otherChange.after === undefined;
    const parent = parentPath(path);
    if (!otherRemoved && parent !== rootPath) parents.add(parent);
  }
  return parents;
}

function headVersions(path: TreePath, head: Entry | undefined): Conflict['versions'] {
  const leaf = leafOf(head);
  return { base: undefined, ours: leaf === undefined ? undefined : { path, leaf }, theirs: undefined };
}
