import { LRUCache } from 'lru-cache';
import type { Head, Landing } from '../head.ts';
import { isSameSession } from '../head.ts';
import type { Ledger } from '../ledger-port.ts';
import type { Candidate } from './landing-queue.ts';

const landingsInMemory = 1024;
const readsAtOnce = 32;

/** The landings of a project, with those last read in memory: they never change. */
export class LandingLog {
  readonly #ledger: Ledger;
  readonly #known = new LRUCache<number, Landing>({ max: landingsInMemory });

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** The landings behind `sequence` up to the head, oldest first. */
  async between(head: Head, sequence: number): Promise<readonly Landing[]> {
    for (const landing of head.landings) this.#known.set(landing.sequence, landing);
    const landings: Landing[] = [];
    for (let first = sequence + 1; first <= head.sequence; first += readsAtOnce) {
      const count = Math.min(readsAtOnce, head.sequence - first + 1);
      landings.push(...(await Promise.all(Array.from({ length: count }, (_, i) => this.#read(first + i)))));
    }
    return landings;
  }

  /** The landing that already holds what `candidate` wants to land. */
  async find(head: Head, { origin, after }: Candidate): Promise<Landing | undefined> {
    if (origin.kind !== 'session') return undefined;
    const landings = await this.between(head, after);
    return landings.find((landing) => isSameSession(landing.origin, origin));
  }

  async #read(sequence: number): Promise<Landing> {
    const known = this.#known.get(sequence);
    if (known !== undefined) return known;
    const landing = await this.#ledger.readLanding(sequence);
    this.#known.set(sequence, landing);
    return landing;
  }
}
