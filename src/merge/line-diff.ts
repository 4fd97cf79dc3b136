import { alignGroups } from './change-groups.ts';
import type { DiffBudget } from './diff-cost.ts';
import { markHistogramDiff } from './histogram-diff.ts';
import { type MarkedLines, markedLines } from './marked-lines.ts';

/**
 * One difference between two sequences of lines: `oldCount` lines at `oldStart` became `newCount` lines at
 * `newStart`. One of the counts may be 0, never both.
 */
export interface LineChange {
  readonly oldStart: number;
  readonly oldCount: number;
  readonly newStart: number;
  readonly newCount: number;
}

/**
 * The differences between two sequences of line ids, in order, as git's merges see them: histogram diff, then groups
 * of changed lines moved to where they join or line up. Throws `DiffTooCostly` when `budget` is used up.
 */
export function diffLines(oldIds: Int32Array, newIds: Int32Array, budget: DiffBudget): LineChange[] {
  const old = markedLines(oldIds);
  const young = markedLines(newIds);
  markHistogramDiff(old, young, budget);
  alignGroups(old, young);
  alignGroups(young, old);
  return changesFrom(old, young);
}

function changesFrom(old: MarkedLines, young: MarkedLines): LineChange[] {
  const changes: LineChange[] = [];
  let oldLine = 0;
  let newLine = 0;
  while (oldLine < old.ids.length || newLine < young.ids.length) {
    const oldStart = oldLine;
    const newStart = newLine;
    while (old.changed[oldLine] === 1) oldLine++;
    while (young.changed[newLine] === 1) newLine++;
    if (oldLine > oldStart || newLine > newStart) {
      changes.push({ oldStart, oldCount: oldLine - oldStart, newStart, newCount: newLine - newStart });
    }
    oldLine++;
    newLine++;
  }
  return changes;
}
