import { assert } from '../base/error.ts';
import { ancestorsOf, type TreePath } from '../tree/path.ts';
import { type Conflict, conflict } from './conflict.ts';
import type { MergePort } from './merge-port.ts';
import type { PathState, PathTable } from './path-state.ts';
import type { DetectedRenames } from './rename-detection.ts';
import { otherSide, type PerSide, type Side, sides } from './stage.ts';

/** A file of `side` that was renamed, or that follows the other side's rename of its directory, or both. */
export interface Rename {
  readonly side: Side;
  readonly from: TreePath;
  readonly to: TreePath;
}

export interface AppliedDirectoryRenames {
  readonly renames: readonly Rename[];
  /** Conflicts of no single file. */
  readonly conflicts: readonly Conflict[];
}

type DirectoryRenames = ReadonlyMap<TreePath, TreePath>;

const noVersions = { base: undefined, ours: undefined, theirs: undefined };

/**
 * Finds the directories that a side renamed: all of it is gone, and most of its files went to one other directory.
 * Files that the other side added in such a directory are moved along in `table`, and that is a conflict each,
 * because nobody said that they belong there.
 */
export async function applyDirectoryRenames(
  table: PathTable,
  detected: PerSide<DetectedRenames>,
  port: Pick<MergePort, 'baseEntry'>,
): Promise<AppliedDirectoryRenames> {
  const conflicts: Conflict[] = [];
  const found = {
    ours: directoryRenames(detected.ours, conflicts),
    theirs: directoryRenames(detected.theirs, conflicts),
  };
  const renamedBy: PerSide<DirectoryRenames> = {
    ours: without(found.ours, found.theirs),
    theirs: without(found.theirs, found.ours),
  };
  const arrivals: PerSide<Map<TreePath, TreePath[]>> = {
    ours: arrivalsOf(detected.ours, renamedBy.theirs),
    theirs: arrivalsOf(detected.theirs, renamedBy.ours),
  };
  const renames: Rename[] = [];

  for (const side of sides) {
    const blocked = new Set<TreePath>();
    const directoriesOfOther = renamedBy[otherSide(side)];
    for (const { path, from } of detected[side].added) {
      const target = arrivals[otherSide(side)].has(path) ? undefined : follow(path, directoriesOfOther);
      // A directory that this side renamed in turn is no place to move to.
      const moves = target !== undefined && !renamedBy[side].has(target.directory);
      if (!moves) {
        if (from !== undefined) renames.push({ side, from, to: path });
        continue;
      }
      const sources = arrivals[side].get(target.path)!;
      if (blocked.has(target.path) || sources.length > 1 || (await isTaken(table, target.path, side, port))) {
        if (!blocked.has(target.path)) conflicts.push(blockedConflict(target.path, sources, side, table));
        blocked.add(target.path);
        if (from !== undefined) renames.push({ side, from, to: path });
        continue;
      }
      moveAlong(table, path, target.path, side);
      renames.push({ side, from: from ?? path, to: target.path });
    }
  }
  return { renames, conflicts };
}

function directoryRenames(detected: DetectedRenames, conflicts: Conflict[]): DirectoryRenames {
  const renames = new Map<TreePath, TreePath>();
  for (const [directory, destinations] of detected.directoryDestinations) {
    const most = Math.max(0, ...destinations.values());
    const best = [...destinations].filter(([, count]) => count === most).map(([to]) => to);
    if (most === 0) continue;
    if (best.length === 1) renames.set(directory, best[0]!);
    else conflicts.push(conflict('directory rename split', directory, noVersions));
  }
  return renames;
}

function without(renames: DirectoryRenames, excluded: DirectoryRenames): DirectoryRenames {
  return new Map([...renames].filter(([directory]) => !excluded.has(directory)));
}

/** Where the files that a side added would go if they followed the other side's directories. */
function arrivalsOf(detected: DetectedRenames, directories: DirectoryRenames): Map<TreePath, TreePath[]> {
  const arrivals = new Map<TreePath, TreePath[]>();
  for (const { path } of detected.added) {
    const target = follow(path, directories);
    if (target === undefined) continue;
    const sources = arrivals.get(target.path);
    if (sources === undefined) arrivals.set(target.path, [path]);
    else sources.push(path);
  }
  return arrivals;
}

/** The path that a file has when the nearest renamed directory above it is followed. */
function follow(
  path: TreePath,
  directories: DirectoryRenames,
): { readonly path: TreePath; readonly directory: TreePath } | undefined {
  for (const ancestor of ancestorsOf(path)) {
    const directory = directories.get(ancestor);
    if (directory === undefined) continue;
    const rest = path.slice(ancestor.length + 1);
    return { path: (directory === '' ? rest : `${directory}/${rest}`) as TreePath, directory };
  }
  return undefined;
}

async function isTaken(
  table: PathTable,
  path: TreePath,
  side: Side,
  port: Pick<MergePort, 'baseEntry'>,
): Promise<boolean> {
  const state = table.get(path);
  if (state === undefined) {
    for (const place of [path, ...ancestorsOf(path)]) {
      if (table.has(place)) continue;
      const entry = await port.baseEntry(place);
      if (entry !== undefined && (place === path || entry.type !== 'directory')) return true;
    }
    return false;
  }
  return state.settled !== undefined || state.versions[side] !== undefined || state.directories[side];
}

function blockedConflict(
  target: TreePath,
  sources: readonly TreePath[],
  side: Side,
  table: PathTable,
): Conflict {
  const [path] = sources;
  const leaf = path === undefined ? undefined : table.get(path)?.versions[side];
  const version = path === undefined || leaf === undefined ? undefined : { path, leaf };
  return conflict('directory rename blocked', target, { ...noVersions, [side]: version });
}

/** Moves what a side added at `path` to `target`, and marks that as a conflict. */
function moveAlong(table: PathTable, path: TreePath, target: TreePath, side: Side): void {
  const state = table.get(path);
  const leaf = state?.versions[side];
  assert(state !== undefined && leaf !== undefined, 'a file that a side added is not in the table');
  table.delete(path);
  const there = table.get(target);
  const moved = there === undefined ? state : joinState(there, state, side);
  table.set(target, moved);
  const version = { path, leaf };
  moved.renameConflicts.push(conflict('file location', path, { ...noVersions, [side]: version }));
}

function joinState(there: PathState, moved: PathState, side: Side): PathState {
  there.versions[side] = moved.versions[side];
  there.origins[side] = moved.origins[side];
  return there;
}
