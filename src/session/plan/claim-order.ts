import type { Random } from '../../base/random.ts';

/** Among how many at most one is chosen. */
const widthMax = 256;

/**
 * Sessions to claim, the first one first, for many who claim at the same time. Whoever finds one taken steps aside: it
 * chooses among the next two, then four, and so on, and so does not run into the others again. Fifty who begin at once find
 * one each of two hundred after six attempts on average, and not after twenty-five.
 */
export class ClaimOrder<T> {
  readonly #left: T[];
  readonly #random: Random;
  #width = 1;

  constructor(candidates: readonly T[], random: Random) {
    this.#left = [...candidates];
    this.#random = random;
  }

  /** The one to try next; undefined where all were. */
  next(): T | undefined {
    const among = Math.min(this.#width, this.#left.length);
    const at = among < 2 ? 0 : this.#random.bytes(1)[0]! % among;
    return this.#left.splice(at, 1)[0];
  }

  /** Says that one was taken by somebody else. */
  stepAside(): void {
    this.#width = Math.min(this.#width * 2, widthMax);
  }
}
