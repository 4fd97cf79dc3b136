/** Pseudo-random decisions: the same seed makes the same ones. */
export class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
    // Seeds that lie next to each other must not begin alike.
    for (let i = 0; i < 8; i++) this.below(2);
  }

  /** A whole number from 0 to `count` (exclusive). */
  below(count: number): number {
    this.#state = (Math.imul(this.#state, 69_069) + 362_437) >>> 0;
    // The lower bits of such a generator hardly change.
    return Math.floor(((this.#state >>> 8) / 2 ** 24) * count);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** `count` random bytes. */
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}
