import type { LeaseSettings } from '../lease-settings.ts';
import type { SessionExport } from './export-record.ts';
import type { ExportRegistry } from './export-registry.ts';
import type { Log } from './log.ts';
import type { SessionLeases } from './session-leases.ts';

/** How often it is looked whether something is to be recorded: so many times in the time after which it is. */
const looksPerTime = 10;

export interface SessionRoundsOptions {
  readonly leases: SessionLeases;
  readonly registry: ExportRegistry;
  readonly settings: LeaseSettings;
  /** Records sessions, and never fails. */
  readonly record: (records: readonly SessionExport[]) => Promise<void>;
  readonly log: Log;
}

/** Looks after the sessions again and again: their leases, and what was not recorded for long. */
export class SessionRounds {
  readonly #options: SessionRoundsOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #underWay = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: SessionRoundsOptions) {
    this.#options = options;
    const { termMs, recordMs } = options.settings;
    this.#every(termMs / 3, () => options.leases.tend());
    if (recordMs > 0) this.#every(recordMs / looksPerTime, () => this.#record());
  }

  /** Begins no more rounds, and waits for those that have begun. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#underWay);
  }

  async #record(): Promise<void> {
    const { leases, registry, settings, record } = this.#options;
    const due = leases.unrecorded(settings.recordMs).flatMap((id) => {
      const found = registry.get(id);
      return found?.kind === 'session' && found.state === 'served' ? [found] : [];
    });
    await record(due);
  }

  /** The next round begins `ms` after one has ended: rounds of one kind never overlap. */
  #every(ms: number, round: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const done = round()
        .catch((error) => this.#options.log.failed('looking after sessions', error))
        .then(() => {
          this.#underWay.delete(done);
          if (!this.#stopped) this.#every(ms, round);
        });
      this.#underWay.add(done);
    }, ms).unref();
    this.#timers.add(timer);
  }
}
