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

/**
 * Searches the middle of a shortest edit path from both ends of a box at once. A diagonal is named by (old line − new
 * line); for each, the furthest old line that was reached is kept, from the front and from the back.
 */
export class DiagonalSearch {
  readonly #old: Int32Array;
  readonly #young: Int32Array;
  readonly #budget: DiffBudget;
  /** Index of diagonal 0 in the two arrays. */
  readonly #zero: number;
  readonly #forward: Int32Array;
  readonly #backward: Int32Array;
  readonly #costMax: number;

  constructor(oldIds: Int32Array, newIds: Int32Array, budget: DiffBudget) {
    this.#old = oldIds;
    this.#young = newIds;
    this.#budget = budget;
    const diagonals = oldIds.length + newIds.length + 3;
    this.#zero = newIds.length + 1;
    this.#forward = new Int32Array(diagonals);
    this.#backward = new Int32Array(diagonals);
    this.#costMax = Math.max(roughSquareRoot(diagonals), costMaxFloor);
  }

  /** Splits a box whose first and last lines differ. `exact` forbids to stop early. */
  split(box: DiffRegion, exact: boolean): Split {
    const old = this.#old;
    const young = this.#young;
    const forward = this.#forward;
    const backward = this.#backward;
    const zero = this.#zero;
    const { oldStart, oldEnd, newStart, newEnd } = box;
    const lowest = oldStart - newEnd;
    const highest = oldEnd - newStart;
    const first = oldStart - newStart;
    const last = oldEnd - newEnd;
    const meetsGoingForward = ((first - last) & 1) !== 0;
    let forwardLow = first;
    let forwardHigh = first;
    let backwardLow = last;
    let backwardHigh = last;
    forward[zero + first] = oldStart;
    backward[zero + last] = oldEnd;

    for (let cost = 1; ; cost++) {
      let sawSnake = false;

      if (forwardLow > lowest) forward[zero + --forwardLow - 1] = beforeAnything;
      else forwardLow++;
      if (forwardHigh < highest) forward[zero + ++forwardHigh + 1] = beforeAnything;
      else forwardHigh--;
      for (let diagonal = forwardHigh; diagonal >= forwardLow; diagonal -= 2) {
        const below = forward[zero + diagonal - 1]!;
        const above = forward[zero + diagonal + 1]!;
        const from = below >= above ? below + 1 : above;
        let oldLine = from;
        let newLine = from - diagonal;
        while (oldLine < oldEnd && newLine < newEnd && old[oldLine] === young[newLine]) {
          oldLine++;
          newLine++;
        }
        if (oldLine - from > snakeLines) sawSnake = true;
        forward[zero + diagonal] = oldLine;
        if (
          meetsGoingForward &&
          backwardLow <= diagonal &&
          diagonal <= backwardHigh &&
          backward[zero + diagonal]! <= oldLine
        ) {
          return { oldLine, newLine, exactBefore: true, exactAfter: true };
        }
      }

      if (backwardLow > lowest) backward[zero + --backwardLow - 1] = behindEverything;
      else backwardLow++;
      if (backwardHigh < highest) backward[zero + ++backwardHigh + 1] = behindEverything;
      else backwardHigh--;
      for (let diagonal = backwardHigh; diagonal >= backwardLow; diagonal -= 2) {
        const below = backward[zero + diagonal - 1]!;
        const above = backward[zero + diagonal + 1]!;
        const from = below < above ? below : above - 1;
        let oldLine = from;
        let newLine = from - diagonal;
        while (oldLine > oldStart && newLine > newStart && old[oldLine - 1] === young[newLine - 1]) {
          oldLine--;
          newLine--;
        }
        if (from - oldLine > snakeLines) sawSnake = true;
        backward[zero + diagonal] = oldLine;
        if (
          !meetsGoingForward &&
          forwardLow <= diagonal &&
          diagonal <= forwardHigh &&
          oldLine <= forward[zero + diagonal]!
        ) {
          return { oldLine, newLine, exactBefore: true, exactAfter: true };
        }
      }

      this.#budget.spend(forwardHigh - forwardLow + backwardHigh - backwardLow + 2);
      if (exact) continue;
      if (sawSnake && cost > promisingCost) {
        const promising =
          this.#promisingForward(box, cost, forwardLow, forwardHigh) ??
          this.#promisingBackward(box, cost, backwardLow, backwardHigh);
        if (promising !== undefined) return promising;
      }
      if (cost >= this.#costMax) {
        return this.#furthest(box, forwardLow, forwardHigh, backwardLow, backwardHigh);
      }
    }
  }

  #promisingForward(box: DiffRegion, cost: number, low: number, high: number): Split | undefined {
    const middle = box.oldStart - box.newStart;
    let best = 0;
    let split: Split | undefined;
    for (let diagonal = high; diagonal >= low; diagonal -= 2) {
      const oldLine = this.#forward[this.#zero + diagonal]!;
      const newLine = oldLine - diagonal;
      const progress = oldLine - box.oldStart + newLine - box.newStart - Math.abs(diagonal - middle);
      if (
        progress > promisingProgress * cost &&
        progress > best &&
        box.oldStart + snakeLines <= oldLine &&
        oldLine < box.oldEnd &&
        box.newStart + snakeLines <= newLine &&
        newLine < box.newEnd &&
        this.#equalRun(oldLine - snakeLines, newLine - snakeLines)
      ) {
        best = progress;
        split = { oldLine, newLine, exactBefore: true, exactAfter: false };
      }
    }
    return split;
  }

  #promisingBackward(box: DiffRegion, cost: number, low: number, high: number): Split | undefined {
    const middle = box.oldEnd - box.newEnd;
    let best = 0;
    let split: Split | undefined;
    for (let diagonal = high; diagonal >= low; diagonal -= 2) {
      const oldLine = this.#backward[this.#zero + diagonal]!;
      const newLine = oldLine - diagonal;
      const progress = box.oldEnd - oldLine + box.newEnd - newLine - Math.abs(diagonal - middle);
      if (
        progress > promisingProgress * cost &&
        progress > best &&
        box.oldStart < oldLine &&
        oldLine <= box.oldEnd - snakeLines &&
        box.newStart < newLine &&
        newLine <= box.newEnd - snakeLines &&
        this.#equalRun(oldLine, newLine)
      ) {
        best = progress;
        split = { oldLine, newLine, exactBefore: false, exactAfter: true };
      }
    }
    return split;
  }

  #equalRun(oldLine: number, newLine: number): boolean {
    for (let at = 0; at < snakeLines; at++) {
      if (this.#old[oldLine + at] !== this.#young[newLine + at]) return false;
    }
    return true;
  }

  /** The point furthest from its own end of the box, of all that were reached. */
  #furthest(
    box: DiffRegion,
    forwardLow: number,
    forwardHigh: number,
    backwardLow: number,
    backwardHigh: number,
  ): Split {
    let forwardSum = -1;
    let forwardLine = -1;
    for (let diagonal = forwardHigh; diagonal >= forwardLow; diagonal -= 2) {
      let oldLine = Math.min(this.#forward[this.#zero + diagonal]!, box.oldEnd);
      if (oldLine - diagonal > box.newEnd) oldLine = box.newEnd + diagonal;
      if (oldLine + oldLine - diagonal > forwardSum) {
        forwardSum = oldLine + oldLine - diagonal;
        forwardLine = oldLine;
      }
    }
    let backwardSum = behindEverything;
    let backwardLine = behindEverything;
    for (let diagonal = backwardHigh; diagonal >= backwardLow; diagonal -= 2) {
      let oldLine = Math.max(this.#backward[this.#zero + diagonal]!, box.oldStart);
      if (oldLine - diagonal < box.newStart) oldLine = box.newStart + diagonal;
      if (oldLine + oldLine - diagonal < backwardSum) {
        backwardSum = oldLine + oldLine - diagonal;
        backwardLine = oldLine;
      }
    }
    const forwardGoesFurther =
      box.oldEnd + box.newEnd - backwardSum < forwardSum - (box.oldStart + box.newStart);
    return forwardGoesFurther
      ? { oldLine: forwardLine, newLine: forwardSum - forwardLine, exactBefore: true, exactAfter: false }
      : { oldLine: backwardLine, newLine: backwardSum - backwardLine, exactBefore: false, exactAfter: true };
  }
}
