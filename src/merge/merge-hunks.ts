import type { DiffBudget } from './diff-cost.ts';
import { diffLines, type LineChange } from './line-diff.ts';
import type { Lines } from './lines.ts';

/** Two conflicts with no more unchanged lines than this between them are shown as one. */
const linesBetweenConflictsMax = 3;

/** Lines from `start`, `count` of them. */
export interface LineRange {
  readonly start: number;
  readonly count: number;
}

/**
 * A place where a side differs from the base, and how it merges: as `ours` or `theirs` has it, as both have it
 * (`same`), or not by itself (`conflict`). What lies between two hunks is the same in both sides.
 *
 * Refining cuts a conflict into smaller ones; each of these keeps the base lines of the whole.
 */
export interface MergeHunk {
  readonly outcome: 'ours' | 'theirs' | 'same' | 'conflict';
  readonly base: LineRange;
  readonly ours: LineRange;
  readonly theirs: LineRange;
}

/**
 * Merges three files that one line table has cut. With `refine`, what both sides have in common inside a conflict is
 * taken out of it; without, a conflict shows all that either side changed there.
 */
export function mergeHunks(
  base: Lines,
  ours: Lines,
  theirs: Lines,
  options: { readonly refine: boolean; readonly budget: DiffBudget },
): MergeHunk[] {
  const oursChanges = diffLines(base.ids, ours.ids, options.budget);
  const theirsChanges = diffLines(base.ids, theirs.ids, options.budget);
  const hunks = combineChanges(oursChanges, theirsChanges, ours.ids, theirs.ids);
  if (!options.refine) return hunks;
  return joinNearConflicts(
    hunks.flatMap((hunk) => refineConflict(hunk, ours.ids, theirs.ids, options.budget)),
  );
}

function combineChanges(
  oursChanges: readonly LineChange[],
  theirsChanges: readonly LineChange[],
  oursIds: Int32Array,
  theirsIds: Int32Array,
): MergeHunk[] {
  const hunks: MergeHunk[] = [];
  let oursNext = 0;
  let theirsNext = 0;
  // How far the lines that a side did not change are shifted against the base at this point.
  let oursShift = 0;
  let theirsShift = 0;
  const passOurs = (change: LineChange) => {
    oursNext++;
    oursShift = change.newStart + change.newCount - (change.oldStart + change.oldCount);
  };
  const passTheirs = (change: LineChange) => {
    theirsNext++;
    theirsShift = change.newStart + change.newCount - (change.oldStart + change.oldCount);
  };

  for (;;) {
    const mine = oursChanges[oursNext];
    const other = theirsChanges[theirsNext];
    if (mine === undefined && other === undefined) return hunks;
    if (other === undefined || (mine !== undefined && oldEnd(mine) < other.oldStart)) {
      const change = mine!;
      appendHunk(hunks, {
        outcome: 'ours',
        base: { start: change.oldStart, count: change.oldCount },
        ours: { start: change.newStart, count: change.newCount },
        theirs: { start: change.oldStart + theirsShift, count: change.oldCount },
      });
      passOurs(change);
    } else if (mine === undefined || oldEnd(other) < mine.oldStart) {
      appendHunk(hunks, {
        outcome: 'theirs',
        base: { start: other.oldStart, count: other.oldCount },
        ours: { start: other.oldStart + oursShift, count: other.oldCount },
        theirs: { start: other.newStart, count: other.newCount },
      });
      passTheirs(other);
    } else {
      if (!sameChange(mine, other, oursIds, theirsIds)) appendHunk(hunks, overlap(mine, other));
      const oursEnd = oldEnd(mine);
      const theirsEnd = oldEnd(other);
      if (oursEnd >= theirsEnd) passTheirs(other);
      if (theirsEnd >= oursEnd) passOurs(mine);
    }
  }
}

function oldEnd(change: LineChange): number {
  return change.oldStart + change.oldCount;
}

function sameChange(
  mine: LineChange,
  other: LineChange,
  oursIds: Int32Array,
  theirsIds: Int32Array,
): boolean {
  if (mine.oldStart !== other.oldStart) return false;
  if (mine.oldCount !== other.oldCount || mine.newCount !== other.newCount) return false;
  for (let at = 0; at < mine.newCount; at++) {
    if (oursIds[mine.newStart + at] !== theirsIds[other.newStart + at]) return false;
  }
  return true;
}

/** The conflict of two changes that touch: both are widened to the base lines that either covers. */
function overlap(mine: LineChange, other: LineChange): MergeHunk {
  const start = Math.min(mine.oldStart, other.oldStart);
  const end = Math.max(oldEnd(mine), oldEnd(other));
  const widen = (change: LineChange): LineRange => {
    const before = change.oldStart - start;
    return { start: change.newStart - before, count: before + change.newCount + (end - oldEnd(change)) };
  };
  return {
    outcome: 'conflict',
    base: { start, count: end - start },
    ours: widen(mine),
    theirs: widen(other),
  };
}

/** Adds a hunk, or widens the last one to hold it where they touch; hunks of different outcome conflict then. */
function appendHunk(hunks: MergeHunk[], hunk: MergeHunk): void {
  const last = hunks.at(-1);
  const touches =
    last !== undefined &&
    (hunk.ours.start <= last.ours.start + last.ours.count ||
      hunk.theirs.start <= last.theirs.start + last.theirs.count);
  if (!touches) {
    hunks.push(hunk);
    return;
  }
  hunks[hunks.length - 1] = {
    outcome: last.outcome === hunk.outcome ? last.outcome : 'conflict',
    base: span(last.base, hunk.base),
    ours: span(last.ours, hunk.ours),
    theirs: span(last.theirs, hunk.theirs),
  };
}

function span(first: LineRange, last: LineRange): LineRange {
  return { start: first.start, count: last.start + last.count - first.start };
}

function refineConflict(
  hunk: MergeHunk,
  oursIds: Int32Array,
  theirsIds: Int32Array,
  budget: DiffBudget,
): MergeHunk[] {
  const { ours, theirs } = hunk;
  if (hunk.outcome !== 'conflict' || ours.count === 0 || theirs.count === 0) return [hunk];
  // Small ids again: the cost of a diff grows with the largest id.
  const renumber = renumberer();
  const changes = diffLines(
    oursIds.subarray(ours.start, ours.start + ours.count).map(renumber),
    theirsIds.subarray(theirs.start, theirs.start + theirs.count).map(renumber),
    budget,
  );
  if (changes.length === 0) return [{ ...hunk, outcome: 'same' }];
  return changes.map((change) => ({
    outcome: 'conflict',
    base: hunk.base,
    ours: { start: ours.start + change.oldStart, count: change.oldCount },
    theirs: { start: theirs.start + change.newStart, count: change.newCount },
  }));
}

/** Maps numbers to 0, 1, 2 and on, in the order in which they first come. */
function renumberer(): (id: number) => number {
  const numbers = new Map<number, number>();
  return (id) => {
    const known = numbers.get(id);
    if (known !== undefined) return known;
    numbers.set(id, numbers.size);
    return numbers.size - 1;
  };
}

function joinNearConflicts(hunks: readonly MergeHunk[]): MergeHunk[] {
  const joined: MergeHunk[] = [];
  for (const hunk of hunks) {
    const last = joined.at(-1);
    const near =
      last?.outcome === 'conflict' &&
      hunk.outcome === 'conflict' &&
      hunk.ours.start - (last.ours.start + last.ours.count) <= linesBetweenConflictsMax;
    if (near) {
      const base = last.base === hunk.base ? last.base : span(last.base, hunk.base);
      joined[joined.length - 1] = {
        outcome: 'conflict',
        base,
        ours: span(last.ours, hunk.ours),
        theirs: span(last.theirs, hunk.theirs),
      };
    } else {
      joined.push(hunk);
    }
  }
  return joined;
}
