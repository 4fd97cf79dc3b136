/** Random numbers that are the same for the same seed, so that what a run found can be found again. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    // A Weyl sequence, its words mixed by multiplication and shifts.
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2_ae35);
    return Math.floor((((word ^ (word >>> 16)) >>> 0) / 2 ** 32) * end);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** Up to `lengthMax` bytes, mostly few. */
  bytes(lengthMax: number): Buffer {
    const length = this.below(this.oneIn(8) ? lengthMax + 1 : Math.min(lengthMax, 40) + 1);
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.below(256);
    return bytes;
  }

  /** Numbers at which programs go wrong, and others. */
  word(): number {
    if (this.oneIn(2)) return this.below(40);
    const odd = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 4, 2 ** 20, 2 ** 20 + 1, 65_536, 400, 64];
    return this.oneIn(2) ? this.pick(odd) : this.below(2 ** 32);
  }
}
