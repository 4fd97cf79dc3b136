import type { DiffBudget } from './diff-cost.ts';
import type { DiffRegion, MarkedLines } from './marked-lines.ts';
import { markMyersDiff } from './myers-diff.ts';

/** A line that occurs more often than this in the old region is not used to anchor a block. */
const occurrencesMax = 64;

type Anchor = DiffRegion | 'nothing in common' | 'only frequent lines in common';

/**
 * Marks the lines in which two files differ, the way git's merges find them: take the common block whose rarest line
 * is the rarest of all (the longest of them), then do the same before and behind it. A region in which all common
 * lines are frequent goes to Myers' algorithm.
 *
 * The choice among blocks is part of the contract: another choice aligns files differently, and then merges to
 * another text than git does.
 */
export function markHistogramDiff(old: MarkedLines, young: MarkedLines, budget: DiffBudget): void {
  const index = new OccurrenceIndex(old.ids, young.ids);
  const todo: DiffRegion[] = [{ oldStart: 0, oldEnd: old.ids.length, newStart: 0, newEnd: young.ids.length }];
  for (let region = todo.pop(); region !== undefined; region = todo.pop()) {
    const { oldStart, oldEnd, newStart, newEnd } = region;
    if (oldStart === oldEnd || newStart === newEnd) {
      markAll(old, young, region);
      continue;
    }
    const anchor = findAnchor(old.ids, young.ids, region, index, budget);
    if (anchor === 'nothing in common') {
      markAll(old, young, region);
    } else if (anchor === 'only frequent lines in common') {
      markMyersDiff(old, young, region, budget);
    } else {
      todo.push({ oldStart: anchor.oldEnd, oldEnd, newStart: anchor.newEnd, newEnd });
      todo.push({ oldStart, oldEnd: anchor.oldStart, newStart, newEnd: anchor.newStart });
    }
  }
}

function markAll(old: MarkedLines, young: MarkedLines, region: DiffRegion): void {
  old.changed.fill(1, region.oldStart, region.oldEnd);
  young.changed.fill(1, region.newStart, region.newEnd);
}

/** Where each line occurs in a region of the old file. Rebuilt for each region, in time that grows with it only. */
class OccurrenceIndex {
  /** First occurrence of each id in the region, valid where `round` is the current one. */
  readonly #first: Int32Array;
  readonly #count: Int32Array;
  readonly #round: Int32Array;
  /** The next occurrence behind each old line of the region, or -1. */
  readonly next: Int32Array;
  #currentRound = 0;

  constructor(oldIds: Int32Array, newIds: Int32Array) {
    let idCount = 0;
    for (const id of oldIds) if (id >= idCount) idCount = id + 1;
    for (const id of newIds) if (id >= idCount) idCount = id + 1;
    this.#first = new Int32Array(idCount);
    this.#count = new Int32Array(idCount);
    this.#round = new Int32Array(idCount);
    this.next = new Int32Array(oldIds.length);
  }

  build(oldIds: Int32Array, start: number, end: number): void {
    this.#currentRound++;
    for (let line = end - 1; line >= start; line--) {
      const id = oldIds[line]!;
      const seen = this.#round[id] === this.#currentRound;
      this.next[line] = seen ? this.#first[id]! : -1;
      this.#count[id] = seen ? this.#count[id]! + 1 : 1;
      this.#first[id] = line;
      this.#round[id] = this.#currentRound;
    }
  }

  /** First occurrence of `id` in the region, or -1. */
  first(id: number): number {
    return this.#round[id] === this.#currentRound ? this.#first[id]! : -1;
  }

  /** How often `id`, which occurs in the region, occurs there. */
  count(id: number): number {
    return this.#count[id]!;
  }
}

function findAnchor(
  oldIds: Int32Array,
  newIds: Int32Array,
  region: DiffRegion,
  index: OccurrenceIndex,
  budget: DiffBudget,
): Anchor {
  const { oldStart, oldEnd, newStart, newEnd } = region;
  index.build(oldIds, oldStart, oldEnd);
  budget.spend(oldEnd - oldStart + newEnd - newStart);
  let best: DiffRegion | undefined;
  let bestLength = 1;
  let bestCount = occurrencesMax + 1;
  let hasCommonLines = false;

  for (let newLine = newStart; newLine < newEnd; ) {
    const id = newIds[newLine]!;
    let behind = newLine + 1;
    let occurrence = index.first(id);
    if (occurrence >= 0) hasCommonLines = true;
    if (occurrence >= 0 && index.count(id) > bestCount) occurrence = -1;
    while (occurrence >= 0) {
      let from = occurrence;
      let to = occurrence + 1;
      let newFrom = newLine;
      let newTo = newLine + 1;
      let rarest = index.count(id);
      while (from > oldStart && newFrom > newStart && oldIds[from - 1] === newIds[newFrom - 1]) {
        from--;
        newFrom--;
        if (rarest > 1) rarest = Math.min(rarest, index.count(oldIds[from]!));
      }
      while (to < oldEnd && newTo < newEnd && oldIds[to] === newIds[newTo]) {
        if (rarest > 1) rarest = Math.min(rarest, index.count(oldIds[to]!));
        to++;
        newTo++;
      }
      budget.spend(to - from);
      if (behind < newTo) behind = newTo;
      if (to - from > bestLength || rarest < bestCount) {
        best = { oldStart: from, oldEnd: to, newStart: newFrom, newEnd: newTo };
        bestLength = to - from;
        bestCount = rarest;
      }
      occurrence = index.next[occurrence]!;
      while (occurrence >= 0 && occurrence < to) occurrence = index.next[occurrence]!;
    }
    newLine = behind;
  }
  if (hasCommonLines && bestCount > occurrencesMax) return 'only frequent lines in common';
  return best ?? 'nothing in common';
}
