/** A cache as its budget sees it: what it takes in bytes, and the entry that was not used for longest leaves first. */
export interface BudgetedCache {
  readonly calculatedSize: number;
  /** How many entries it has. */
  readonly size: number;
  pop(): unknown;
}

/** Memory that several caches share: what one of them takes up the others give. */
export class MemoryBudget {
  readonly #bytesMax: number;
  readonly #caches: BudgetedCache[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Counts a cache in, for as long as the budget lives. */
  add(cache: BudgetedCache): void {
    this.#caches.push(cache);
  }

  /**
   * To be called when a cache has grown: while all together have too much, the largest gives up what is oldest. Each
   * keeps what was put into it last, which somebody is about to ask for.
   */
  settle(): void {
    let bytes = this.#caches.reduce((sum, { calculatedSize }) => sum + calculatedSize, 0);
    while (bytes > this.#bytesMax) {
      const largest = this.#largest();
      if (largest === undefined) return;
      const before = largest.calculatedSize;
      largest.pop();
      bytes -= before - largest.calculatedSize;
    }
  }

  /** The largest of the caches that can do with less. */
  #largest(): BudgetedCache | undefined {
    let largest: BudgetedCache | undefined;
    for (const cache of this.#caches) {
      if (cache.size > 1 && cache.calculatedSize > (largest?.calculatedSize ?? 0)) largest = cache;
    }
    return largest;
  }
}
