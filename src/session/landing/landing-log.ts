import { LRUCache } from 'lru-cache';
import { type Head, type Landing, type RecentLanding, recentLanding } from '../head.ts';
import type { Ledger } from '../ledger-port.ts';
import { PathFilter } from '../path-filter.ts';
import type { Session } from '../session.ts';

const landingsInMemory = 1024;
const readsAtOnce = 32;

/** What has to be known of a landing to see whether changes may meet it. */
export interface LoggedLanding {
  readonly sequence: number;
  /** The session that landed, if it was one. */
  readonly session: Session['id'] | null;
  readonly filter: PathFilter;
}

/** The landings of a project: those that the head remembers cost no read, and those last read are kept. */
export class LandingLog {
  readonly #ledger: Ledger;
  readonly #known = new LRUCache<number, LoggedLanding>({ max: landingsInMemory });

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** The landings behind `sequence` up to the head, oldest first. */
  async between(head: Head, sequence: number): Promise<readonly LoggedLanding[]> {
    for (const landing of [...head.recent, ...head.landings.map(recentLanding)]) {
      if (landing.sequence > sequence) this.#add(landing);
    }
    const landings: LoggedLanding[] = [];
    for (let first = sequence + 1; first <= head.sequence; first += readsAtOnce) {
      const count = Math.min(readsAtOnce, head.sequence - first + 1);
      landings.push(...(await Promise.all(Array.from({ length: count }, (_, i) => this.#read(first + i)))));
    }
    return landings;
  }

  /** The landing of `session` behind `after`, if there is one: a session lands just once. */
  async find(head: Head, session: Session['id'], after: number): Promise<Landing | undefined> {
    const landings = await this.between(head, after);
    const found = landings.find((landing) => landing.session === session);
    if (found === undefined) return undefined;
    const riding = head.landings.find(({ sequence }) => sequence === found.sequence);
    return riding ?? this.#ledger.readLanding(found.sequence);
  }

  #add({ sequence, session, paths }: RecentLanding): LoggedLanding {
    const known = this.#known.get(sequence);
    if (known !== undefined) return known;
    const logged = { sequence, session, filter: PathFilter.decode(paths) };
    this.#known.set(sequence, logged);
    return logged;
  }

  async #read(sequence: number): Promise<LoggedLanding> {
    return this.#known.get(sequence) ?? this.#add(recentLanding(await this.#ledger.readLanding(sequence)));
  }
}
