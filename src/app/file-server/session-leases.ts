import type { Clock } from '../../base/clock.ts';
import type { TakeMode } from '../../session/lease.ts';
import { movedOn } from '../../session/lease-words.ts';
import type { ProjectLedger } from '../../session/project.ts';
import type { Session } from '../../session/session.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';
import type { LeaseSettings } from '../lease-settings.ts';
import type { SessionExport } from './export-record.ts';
import type { ExportRegistry } from './export-registry.ts';
import type { Log } from './log.ts';
import { SessionLease } from './session-lease.ts';
import { UnrecordedMark } from './unrecorded-mark.ts';

/** Leases that are renewed or given back at the same time. */
const atOnceMax = 32;

export interface SessionLeasesOptions {
  readonly registry: ExportRegistry;
  readonly project: (record: SessionExport) => Promise<ProjectLedger>;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly log: Log;
  readonly settings: LeaseSettings;
}

/** The leases of the sessions in which somebody has worked since this process began, or has left something before. */
export class SessionLeases {
  readonly #options: SessionLeasesOptions;
  readonly #leases = new Map<ServedId, SessionLease>();

  /** Knows from the start of what an earlier process has left unrecorded. */
  constructor(options: SessionLeasesOptions) {
    this.#options = options;
    for (const record of options.registry) {
      if (record.kind === 'session' && record.state === 'served' && this.#markOf(record).isSet) {
        this.of(record).noteOpened(true);
      }
    }
  }

  of(record: SessionExport): SessionLease {
    const lease = this.#leases.get(record.id) ?? this.#make(record);
    this.#leases.set(record.id, lease);
    return lease;
  }

  /** See `takeLease`. */
  take(record: SessionExport, mode: TakeMode): Promise<void> {
    return this.of(record).take(mode);
  }

  /** The ids of sessions that hold what is not recorded; `forMs`: and was not for so long, in ms. */
  unrecorded(forMs = 0): ServedId[] {
    return [...this.#leases].flatMap(([id, lease]) => (lease.isRecordingDue(forMs) ? [id] : []));
  }

  /** The ids of sessions that another machine writes, as far as is known. */
  get lost(): ServedId[] {
    return [...this.#leases].flatMap(([id, lease]) => (lease.isLost ? [id] : []));
  }

  /** Renews what is to be renewed, and gives back what is not needed any more. */
  tend(): Promise<void> {
    return this.#forAll((lease) => lease.tend());
  }

  /** Gives back all of which everything is recorded: for the end of the process. */
  giveBackAll(): Promise<void> {
    return this.#forAll((lease) => lease.giveBack());
  }

  /** For a session that is served no more. */
  forget(id: ServedId): void {
    this.#leases.delete(id);
  }

  async #forAll(work: (lease: SessionLease) => Promise<void>): Promise<void> {
    const waiting = [...this.#leases.values()];
    const worker = async (): Promise<void> => {
      for (let lease = waiting.pop(); lease !== undefined; lease = waiting.pop()) await work(lease);
    };
    await Promise.all(Array.from({ length: Math.min(atOnceMax, waiting.length) }, worker));
  }

  #make(record: SessionExport): SessionLease {
    const { project, registry, clock, sleep, log, settings } = this.#options;
    const { machine, termMs } = settings;
    const { id, session } = record;
    const current = (): SessionExport => {
      const known = registry.get(id);
      return known?.kind === 'session' ? known : record;
    };
    return new SessionLease({
      session,
      claim: { holder: id, machine, base: record.tree, termMs },
      project: () => project(record),
      isOurs: (tree) => tree === current().agreed || tree === current().recorded,
      clock,
      sleep,
      onLost: (moved) => log.say(this.#lost(record, moved)),
      mark: this.#markOf(record),
      onFailure: (error) => log.failed(`asking whose session ${session} is`, error),
    });
  }

  #markOf({ id }: SessionExport): UnrecordedMark {
    return new UnrecordedMark(this.#options.registry.directoryOf(id));
  }

  #lost({ id }: SessionExport, moved: Session): string {
    const kept = this.#options.registry.directoryOf(id);
    return `no more is written here: ${movedOn(moved).message} It is in "${kept}"`;
  }
}
