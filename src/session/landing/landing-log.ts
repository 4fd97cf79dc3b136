import { LRUCache } from 'lru-cache';
import { type Head, isSameSession, type Landing, type Origin } from '../head.ts';
import type { Ledger } from '../ledger-port.ts';
import { PathFilter } from '../path-filter.ts';

const landingsInMemory = 1024;
const readsAtOnce = 32;

/** A landing with its path filter at hand. */
export interface LoggedLanding {
  readonly landing: Landing;
  readonly filter: PathFilter;
}

/** The landings of a project, with those last read in memory: they never change. */
export class LandingLog {
  readonly #ledger: Ledger;
  readonly #known = new LRUCache<number, LoggedLanding>({ max: landingsInMemory });

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** The landings behind `sequence` up to the head, oldest first. */
  async between(head: Head, sequence: number): Promise<readonly LoggedLanding[]> {
    for (const landing of head.landings) this.#add(landing);
    const landings: LoggedLanding[] = [];
    for (let first = sequence + 1; first <= head.sequence; first += readsAtOnce) {
      const count = Math.min(readsAtOnce, head.sequence - first + 1);
      landings.push(...(await Promise.all(Array.from({ length: count }, (_, i) => this.#read(first + i)))));
    }
    return landings;
  }

  /** The landing behind `after` that already holds what comes from `origin`. Only sessions land just once. */
  async find(head: Head, origin: Origin, after: number): Promise<Landing | undefined> {
    if (origin.kind !== 'session') return undefined;
    const landings = await this.between(head, after);
    return landings.find(({ landing }) => isSameSession(landing.origin, origin))?.landing;
  }

  #add(landing: Landing): LoggedLanding {
    const known = this.#known.get(landing.sequence);
    if (known !== undefined) return known;
    const logged = { landing, filter: PathFilter.decode(landing.paths) };
    this.#known.set(landing.sequence, logged);
    return logged;
  }

  async #read(sequence: number): Promise<LoggedLanding> {
    return this.#known.get(sequence) ?? this.#add(await this.#ledger.readLanding(sequence));
  }
}
