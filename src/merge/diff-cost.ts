/**
 * Lines that one merge of a file may look at before it gives up, so that a hostile file costs seconds and not days.
 * Ordinary files need a few looks for each of their lines.
 */
export const lineLooksMax = 2_000_000_000;

/** Thrown inside a text merge that has used up its budget. The merge answers with a conflict; this goes no further. */
export class DiffTooCostly extends Error {}

/** Counts the lines that a merge has looked at. */
export class DiffBudget {
  #left: number;

  constructor(lineLooks: number = lineLooksMax) {
    this.#left = lineLooks;
  }

  /** Takes `lineLooks` away; throws `DiffTooCostly` when nothing is left. */
  spend(lineLooks: number): void {
    this.#left -= lineLooks;
    if (this.#left < 0) throw new DiffTooCostly('This file takes too long to compare.');
  }
}

/** A square root rounded up to a power of two: what git measures the limits of a search in. */
export function roughSquareRoot(value: number): number {
  let root = 1;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 4)) root *= 2;
  return root;
}
