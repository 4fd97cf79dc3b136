import { sameEntry } from '../tree/entry.ts';
import type { TreePath } from '../tree/path.ts';
import { type Conflict, type ConflictVersion, conflict } from './conflict.ts';
import { type ContentMergeOptions, type ContentVersions, mergeContent } from './content-merge.ts';
import type { Rename } from './directory-renames.ts';
import type { MergeHunk } from './merge-hunks.ts';
import type { PathState, PathTable } from './path-state.ts';
import { type Leaf, otherSide, type PerStage } from './stage.ts';

/** Content merges that may be merged once more get markers that are longer by this. */
const nestedMarkerLength = 1;

/**
 * Brings the versions of each renamed file together at its new path, in `table`, so that it can be merged there.
 * Renames that do not go together with what the other side did become conflicts.
 */
export async function applyRenames(
  table: PathTable,
  renames: readonly Rename[],
  options: ContentMergeOptions,
): Promise<void> {
  const sorted = [...renames].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  for (let at = 0; at < sorted.length; at++) {
    const rename = sorted[at]!;
    const next = sorted[at + 1];
    const source = table.get(rename.from);
    if (source === undefined || source.settled !== undefined) continue;
    if (next?.from === rename.from) {
      await applyDoubleRename(table, source, rename, next, options);
      at++;
    } else {
      await applySingleRename(table, source, rename, options);
    }
  }
}

/** Both sides renamed the file: alike, or to different names. */
async function applyDoubleRename(
  table: PathTable,
  source: PathState,
  ours: Rename,
  theirs: Rename,
  options: ContentMergeOptions,
): Promise<void> {
  const oursState = openState(table, ours.to);
  const theirsState = openState(table, theirs.to);
  const oursLeaf = oursState?.versions.ours;
  const theirsLeaf = theirsState?.versions.theirs;
  if (!oursState || !theirsState || !oursLeaf || !theirsLeaf) {
    source.collisionConflicts.push(tangled(source, ours));
    return;
  }
  if (ours.to === theirs.to) {
    oursState.versions.base = source.versions.base;
    source.settled = { leaf: undefined };
    return;
  }
  const { base } = source.versions;
  const merged = await mergeContent(
    {
      path: ours.from,
      leaves: { base, ours: oursLeaf, theirs: theirsLeaf },
      origins: { base: ours.from, ours: ours.to, theirs: theirs.to },
    },
    { ...options, extraMarkerLength: nestedMarkerLength },
  );
  // What could not be merged stays as each side has it.
  const isKeptApart = merged.outcome === 'conflict' && sameEntry(merged.leaf, oursLeaf);
  oursState.versions.ours = merged.leaf;
  theirsState.versions.theirs = isKeptApart ? theirsLeaf : merged.leaf;
  const hunks = merged.outcome === 'conflict' ? merged.hunks : [];
  const renameConflict = conflict(
    'rename/rename',
    ours.from,
    {
      base: version(ours.from, base),
      ours: { path: ours.to, leaf: oursLeaf },
      theirs: { path: theirs.to, leaf: theirsLeaf },
    },
    hunks,
  );
  for (const state of [source, oursState, theirsState]) state.renameConflicts.push(renameConflict);
}

/** One side renamed the file; the other changed it, removed it, or made something else of it. */
async function applySingleRename(
  table: PathTable,
  source: PathState,
  rename: Rename,
  options: ContentMergeOptions,
): Promise<void> {
  const { side, from, to } = rename;
  const other = otherSide(side);
  const target = openState(table, to);
  const stayed = source.versions[other];
  const moved = target?.versions[side];
  if (target === undefined || moved === undefined) {
    source.collisionConflicts.push(tangled(source, rename));
    return;
  }
  const typeChanged = stayed !== undefined && stayed.type !== moved.type;
  const collides = target.versions[other] !== undefined && !typeChanged;

  if (collides && stayed !== undefined) {
    const merged = await mergeCollision(source, stayed, moved, rename, target, options);
    // Where both sides have the same file there, git keeps one side's version and forgets about the other.
    const wouldBeLost = target.agreement === 'ours is theirs' && !sameEntry(merged, target.versions[other]);
    if (wouldBeLost) target.collisionConflicts.push(collision(source, stayed, moved, rename));
    target.versions[side] = merged;
  } else if (collides) {
    target.renameConflicts.push(renameDelete(rename, source, moved));
  } else {
    target.versions.base = source.versions.base;
    target.origins.base = from;
    if (typeChanged) {
      source.versions.base = undefined;
      return;
    }
    if (stayed === undefined) {
      target.renameConflicts.push(renameDelete(rename, source, moved));
    } else {
      target.versions[other] = stayed;
      target.origins[other] = from;
    }
  }
  if (!typeChanged) source.settled = { leaf: undefined };
}

/**
 * The other side has a file of its own where a renamed one arrives: the two versions of the renamed file are merged
 * first, and the result then stands against that file.
 */
async function mergeCollision(
  source: PathState,
  stayed: Leaf,
  moved: Leaf,
  { side, from, to }: Rename,
  target: PathState,
  options: ContentMergeOptions,
): Promise<Leaf> {
  const leaves = side === 'ours' ? { ours: moved, theirs: stayed } : { ours: stayed, theirs: moved };
  const origins: PerStage<TreePath> = { base: from, ours: from, theirs: from };
  origins[side] = to;
  const versions: ContentVersions = {
    path: from,
    leaves: { base: source.versions.base, ...leaves },
    origins,
  };
  const merged = await mergeContent(versions, { ...options, extraMarkerLength: nestedMarkerLength });
  if (merged.outcome === 'conflict') {
    target.collisionConflicts.push(collision(source, stayed, moved, { side, from, to }, merged.hunks));
  }
  return merged.leaf;
}

function collision(
  source: PathState,
  stayed: Leaf,
  moved: Leaf,
  { side, from, to }: Rename,
  hunks: readonly MergeHunk[] = [],
): Conflict {
  const ours = side === 'ours' ? { path: to, leaf: moved } : { path: from, leaf: stayed };
  const theirs = side === 'ours' ? { path: from, leaf: stayed } : { path: to, leaf: moved };
  return conflict(
    'rename/collision',
    from,
    { base: version(from, source.versions.base), ours, theirs },
    hunks,
  );
}

function renameDelete({ side, from, to }: Rename, source: PathState, moved: Leaf) {
  const versions = { base: version(from, source.versions.base), ours: undefined, theirs: undefined };
  return conflict('rename/delete', from, { ...versions, [side]: { path: to, leaf: moved } });
}

function version(path: TreePath, leaf: Leaf | undefined): ConflictVersion | undefined {
  return leaf === undefined ? undefined : { path, leaf };
}

/** The state of a renamed file's new path, unless another rename took the file away from there again. */
function openState(table: PathTable, path: TreePath): PathState | undefined {
  const state = table.get(path);
  return state?.settled === undefined ? state : undefined;
}

/** The conflict of renames that go in a circle, by way of renamed directories. */
function tangled(source: PathState, { from }: Rename) {
  const { base, ours, theirs } = source.versions;
  return conflict('rename/collision', from, {
    base: version(from, base),
    ours: version(from, ours),
    theirs: version(from, theirs),
  });
}
