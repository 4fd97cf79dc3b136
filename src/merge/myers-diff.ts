import type { DiffBudget } from './diff-cost.ts';
import { reduceLines } from './line-reduction.ts';
import type { DiffRegion, MarkedLines } from './marked-lines.ts';
import { DiagonalSearch } from './myers-search.ts';

interface Box extends DiffRegion {
  /** Whether the box has to be split as well as can be, or may be split where enough progress was seen. */
  readonly exact: boolean;
}

/**
 * Marks the lines in which two regions differ with Myers' algorithm in linear space, with git's cost limits: past
 * them the result is still a correct difference, only not the smallest.
 */
export function markMyersDiff(
  old: MarkedLines,
  young: MarkedLines,
  region: DiffRegion,
  budget: DiffBudget,
): void {
  const reduced = reduceLines(old, young, region);
  const oldIds = reduced.old.ids;
  const newIds = reduced.young.ids;
  budget.spend(region.oldEnd - region.oldStart + region.newEnd - region.newStart);
  const search = new DiagonalSearch(oldIds, newIds, budget);
  const todo: Box[] = [
    { oldStart: 0, oldEnd: oldIds.length, newStart: 0, newEnd: newIds.length, exact: false },
  ];
  for (let box = todo.pop(); box !== undefined; box = todo.pop()) {
    let { oldStart, oldEnd, newStart, newEnd } = box;
    while (oldStart < oldEnd && newStart < newEnd && oldIds[oldStart] === newIds[newStart]) {
      oldStart++;
      newStart++;
    }
    while (oldStart < oldEnd && newStart < newEnd && oldIds[oldEnd - 1] === newIds[newEnd - 1]) {
      oldEnd--;
      newEnd--;
    }
    if (oldStart === oldEnd) {
      for (let line = newStart; line < newEnd; line++) young.changed[reduced.young.lines[line]!] = 1;
    } else if (newStart === newEnd) {
      for (let line = oldStart; line < oldEnd; line++) old.changed[reduced.old.lines[line]!] = 1;
    } else {
      const split = search.split({ oldStart, oldEnd, newStart, newEnd }, box.exact);
      const { oldLine, newLine } = split;
      todo.push({ oldStart: oldLine, oldEnd, newStart: newLine, newEnd, exact: split.exactAfter });
      todo.push({ oldStart, oldEnd: oldLine, newStart, newEnd: newLine, exact: split.exactBefore });
    }
  }
}
