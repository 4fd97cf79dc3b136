import { type DiffBudget, roughSquareRoot } from './diff-cost.ts';
import type { DiffRegion } from './marked-lines.ts';

/** Edits after which a search may stop at a promising path. */
const promisingCost = 256;
/** Edits after which a search stops anyway, for small files; it grows with the square root of the file. */
const costMaxFloor = 256;
/** A run of this many equal lines makes a path promising. */
const snakeLines = 20;
/** How much further than its cost a promising path must have come. */
const promisingProgress = 4;

const beforeAnything = -1;
const behindEverything = 0x7fffffff;

/** Where a box is split in two, and how well the halves have to be split in turn. */
export interface Split {
  readonly oldLine: number;
  readonly newLine: number;
  readonly exactBefore: boolean;
  readonly exactAfter: boolean;
}

/** How far a search has come from one end of its box. */
interface Frontier {
  /** The furthest old line on each diagonal, at the index of the diagonal plus `#zero`. */
  readonly reached: Int32Array;
  /** The diagonals that were reached: every second one from `low` to `high`. */
  low: number;
  high: number;
}

/**
 * Searches the middle of a shortest edit path from both ends of a box at once. A diagonal is named by (old line − new
 * line); for each, the furthest old line that was reached is kept, from the front and from the back.
 */
export class DiagonalSearch {
  readonly #old: Int32Array;
  readonly #young: Int32Array;
  readonly #budget: DiffBudget;
  /** Index of diagonal 0 in what the frontiers reached. */
  readonly #zero: number;
  readonly #front: Frontier;
  readonly #back: Frontier;
  readonly #costMax: number;
  #box: DiffRegion = { oldStart: 0, oldEnd: 0, newStart: 0, newEnd: 0 };
  /** Whether the last step of either side went along many equal lines. */
  #sawSnake = false;

  constructor(oldIds: Int32Array, newIds: Int32Array, budget: DiffBudget) {
    this.#old = oldIds;
    this.#young = newIds;
    this.#budget = budget;
    const diagonals = oldIds.length + newIds.length + 3;
    this.#zero = newIds.length + 1;
    this.#front = { reached: new Int32Array(diagonals), low: 0, high: 0 };
    this.#back = { reached: new Int32Array(diagonals), low: 0, high: 0 };
    this.#costMax = Math.max(roughSquareRoot(diagonals), costMaxFloor);
  }

  /** Splits a box whose first and last lines differ. `exact` forbids to stop early. */
  split(box: DiffRegion, exact: boolean): Split {
    this.#box = box;
    const first = box.oldStart - box.newStart;
    const last = box.oldEnd - box.newEnd;
    startAt(this.#front, first, this.#zero, box.oldStart);
    startAt(this.#back, last, this.#zero, box.oldEnd);
    // The frontiers meet after a step of the front when an odd number of edits lies between the ends.
    const frontMeets = ((first - last) & 1) !== 0;
    for (let cost = 1; ; cost++) {
      this.#sawSnake = false;
      const met = this.#stepFront(frontMeets) ?? this.#stepBack(!frontMeets);
      if (met !== undefined) return met;
      this.#budget.spend(this.#front.high - this.#front.low + this.#back.high - this.#back.low + 2);
      if (exact) continue;
      if (this.#sawSnake && cost > promisingCost) {
        const promising = this.#promisingFront(cost) ?? this.#promisingBack(cost);
        if (promising !== undefined) return promising;
      }
      if (cost >= this.#costMax) return this.#furthest();
    }
  }

  /** One edit more from the front, on every diagonal; the point where it meets the back, if it may and does. */
  #stepFront(mayMeet: boolean): Split | undefined {
    const { reached } = this.#front;
    const { oldEnd, newEnd } = this.#box;
    const zero = this.#zero;
    this.#widen(this.#front, beforeAnything);
    for (let diagonal = this.#front.high; diagonal >= this.#front.low; diagonal -= 2) {
      const inserted = reached[zero + diagonal + 1]!;
      const removed = reached[zero + diagonal - 1]! + 1;
      const from = Math.max(inserted, removed);
      let oldLine = from;
      while (oldLine < oldEnd && oldLine - diagonal < newEnd && this.#equal(oldLine, oldLine - diagonal))
        oldLine++;
      if (oldLine - from > snakeLines) this.#sawSnake = true;
      reached[zero + diagonal] = oldLine;
      if (mayMeet && isWithin(this.#back, diagonal) && this.#back.reached[zero + diagonal]! <= oldLine) {
        return { oldLine, newLine: oldLine - diagonal, exactBefore: true, exactAfter: true };
      }
    }
    return undefined;
  }

  /** One edit more from the back, on every diagonal; the point where it meets the front, if it may and does. */
  #stepBack(mayMeet: boolean): Split | undefined {
    const { reached } = this.#back;
    const { oldStart, newStart } = this.#box;
    const zero = this.#zero;
    this.#widen(this.#back, behindEverything);
    for (let diagonal = this.#back.high; diagonal >= this.#back.low; diagonal -= 2) {
      const inserted = reached[zero + diagonal - 1]!;
      const removed = reached[zero + diagonal + 1]! - 1;
      const from = Math.min(inserted, removed);
      let oldLine = from;
      while (
        oldLine > oldStart &&
        oldLine - diagonal > newStart &&
        this.#equal(oldLine - 1, oldLine - 1 - diagonal)
      ) {
        oldLine--;
      }
      if (from - oldLine > snakeLines) this.#sawSnake = true;
      reached[zero + diagonal] = oldLine;
      if (mayMeet && isWithin(this.#front, diagonal) && oldLine <= this.#front.reached[zero + diagonal]!) {
        return { oldLine, newLine: oldLine - diagonal, exactBefore: true, exactAfter: true };
      }
    }
    return undefined;
  }

  /**
   * Moves the ends of a frontier one diagonal outwards, or inwards where that would leave the box. `unreached` is put
   * beside an end, so that no path comes from there.
   */
  #widen(frontier: Frontier, unreached: number): void {
    const { oldStart, oldEnd, newStart, newEnd } = this.#box;
    if (frontier.low > oldStart - newEnd) frontier.reached[this.#zero + --frontier.low - 1] = unreached;
    else frontier.low++;
    if (frontier.high < oldEnd - newStart) frontier.reached[this.#zero + ++frontier.high + 1] = unreached;
    else frontier.high--;
  }

  #equal(oldLine: number, newLine: number): boolean {
    return this.#old[oldLine] === this.#young[newLine];
  }

  /** The best point that the front came to on a long run of equal lines, if it came far for its cost. */
  #promisingFront(cost: number): Split | undefined {
    const box = this.#box;
    const middle = box.oldStart - box.newStart;
    let best = promisingProgress * cost;
    let split: Split | undefined;
    for (let diagonal = this.#front.high; diagonal >= this.#front.low; diagonal -= 2) {
      const oldLine = this.#front.reached[this.#zero + diagonal]!;
      const newLine = oldLine - diagonal;
      const progress = oldLine - box.oldStart + newLine - box.newStart - Math.abs(diagonal - middle);
      const isInside =
        box.oldStart + snakeLines <= oldLine &&
        oldLine < box.oldEnd &&
        box.newStart + snakeLines <= newLine &&
        newLine < box.newEnd;
      if (progress > best && isInside && this.#equalRun(oldLine - snakeLines, newLine - snakeLines)) {
        best = progress;
        split = { oldLine, newLine, exactBefore: true, exactAfter: false };
      }
    }
    return split;
  }

  #promisingBack(cost: number): Split | undefined {
    const box = this.#box;
    const middle = box.oldEnd - box.newEnd;
    let best = promisingProgress * cost;
    let split: Split | undefined;
    for (let diagonal = this.#back.high; diagonal >= this.#back.low; diagonal -= 2) {
      const oldLine = this.#back.reached[this.#zero + diagonal]!;
      const newLine = oldLine - diagonal;
      const progress = box.oldEnd - oldLine + box.newEnd - newLine - Math.abs(diagonal - middle);
      const isInside =
        box.oldStart < oldLine &&
        oldLine <= box.oldEnd - snakeLines &&
        box.newStart < newLine &&
        newLine <= box.newEnd - snakeLines;
      if (progress > best && isInside && this.#equalRun(oldLine, newLine)) {
        best = progress;
        split = { oldLine, newLine, exactBefore: false, exactAfter: true };
      }
    }
    return split;
  }

  #equalRun(oldLine: number, newLine: number): boolean {
    for (let at = 0; at < snakeLines; at++) if (!this.#equal(oldLine + at, newLine + at)) return false;
    return true;
  }

  /** The point furthest from its own end of the box, of all that were reached. */
  #furthest(): Split {
    const { oldStart, oldEnd, newStart, newEnd } = this.#box;
    const front = { progress: -1, oldLine: 0, newLine: 0 };
    for (let diagonal = this.#front.high; diagonal >= this.#front.low; diagonal -= 2) {
      const oldLine = Math.min(this.#front.reached[this.#zero + diagonal]!, oldEnd, newEnd + diagonal);
      const newLine = oldLine - diagonal;
      const progress = oldLine - oldStart + newLine - newStart;
      if (progress > front.progress) Object.assign(front, { progress, oldLine, newLine });
    }
    const back = { progress: -1, oldLine: 0, newLine: 0 };
    for (let diagonal = this.#back.high; diagonal >= this.#back.low; diagonal -= 2) {
      const oldLine = Math.max(this.#back.reached[this.#zero + diagonal]!, oldStart, newStart + diagonal);
      const newLine = oldLine - diagonal;
      const progress = oldEnd - oldLine + newEnd - newLine;
      if (progress > back.progress) Object.assign(back, { progress, oldLine, newLine });
    }
    const { oldLine, newLine } = front.progress > back.progress ? front : back;
    const fromFront = front.progress > back.progress;
    return { oldLine, newLine, exactBefore: fromFront, exactAfter: !fromFront };
  }
}

function startAt(frontier: Frontier, diagonal: number, zero: number, oldLine: number): void {
  frontier.low = diagonal;
  frontier.high = diagonal;
  frontier.reached[zero + diagonal] = oldLine;
}

function isWithin(frontier: Frontier, diagonal: number): boolean {
  return frontier.low <= diagonal && diagonal <= frontier.high;
}
