import { type Change, type DirectoryEntry, directoryMode, type Entry, sameEntry } from '../tree/entry.ts';
import { ancestorsOf, parentPath, rootPath, type TreePath } from '../tree/path.ts';
import type { SideChanges } from './change-tree.ts';
import { type Conflict, conflict } from './conflict.ts';
import type { Resolution } from './entry-resolution.ts';

/** A path of our tree, and what it gets: an entry, or nothing at all. */
export interface Edit {
  readonly path: TreePath;
  readonly entry: Entry | undefined;
}

type Changes = ReadonlyMap<TreePath, Change<TreePath>>;

/**
 * What happens to directories themselves, which git knows nothing of: empty ones come and go, permissions change, and
 * a directory whose last files went, some on each side or because the merge moved them, goes too. `leafEdits` is what
 * happens to everything else.
 */
export function directoryEdits(
  changes: SideChanges,
  resolution: Resolution,
  leafEdits: readonly Edit[],
): { readonly edits: Edit[]; readonly conflicts: Conflict[] } {
  const ours = byPath(changes.ours);
  const theirs = byPath(changes.theirs);
  const emptyInTheirs = newEmptyDirectories(changes.theirs);
  const edits: Edit[] = [];
  const conflicts: Conflict[] = [];
  const vacated = new Set([...emptiedByBoth(ours, theirs), ...leftByMoves(leafEdits, theirs)]);
  for (const { path, before, after } of changes.theirs) {
    const wanted = directoryOf(after);
    if (sameEntry(directoryOf(before), wanted)) continue;
    const head = directoryOf(ours.has(path) ? ours.get(path)!.after : before);
    if (wanted === undefined) {
      if (head !== undefined) vacated.add(path);
    } else if (head === undefined) {
      const hasOwnMode = resolution.occupied.has(path) && wanted.mode !== directoryMode;
      if (hasOwnMode || emptyInTheirs.has(path)) edits.push({ path, entry: wanted });
    } else if (!sameEntry(head, wanted)) {
      if (sameEntry(head, directoryOf(before))) edits.push({ path, entry: wanted });
      else conflicts.push(conflict('mode', path, noVersions));
    }
  }
  for (const path of vacated) {
    const isVacated = !resolution.occupied.has(path) && resolution.leaves.get(path) === undefined;
    if (isVacated) edits.push({ path, entry: undefined });
  }
  return { edits, conflicts };
}

const noVersions = { base: undefined, ours: undefined, theirs: undefined };

function byPath(changes: readonly Change<TreePath>[]): Changes {
  return new Map(changes.map((change) => [change.path, change]));
}

function directoryOf(entry: Entry | undefined): DirectoryEntry | undefined {
  return entry?.type === 'directory' ? entry : undefined;
}

/** The directories that a side added without anything in them. */
export function newEmptyDirectories(changes: readonly Change<TreePath>[]): Set<TreePath> {
  const filled = new Set<TreePath>();
  for (const { path, after } of changes) if (after !== undefined) filled.add(parentPath(path));
  const empty = new Set<TreePath>();
  for (const { path, before, after } of changes) {
    const isNew = directoryOf(after) !== undefined && directoryOf(before) === undefined;
    if (isNew && !filled.has(path)) empty.add(path);
  }
  return empty;
}

/** The directories above what the merge itself takes away from a path, because it goes to another one. */
function leftByMoves(leafEdits: readonly Edit[], theirs: Changes): Set<TreePath> {
  const left = new Set<TreePath>();
  for (const { path, entry } of leafEdits) {
    if (entry !== undefined || theirs.has(path)) continue;
    for (const ancestor of ancestorsOf(path)) left.add(ancestor);
  }
  return left;
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
