import type { Head, Landing } from './head.ts';
import { movedOn } from './lease-words.ts';
import type { HeadVersion, Ledger } from './ledger-port.ts';
import type { ProjectLedger } from './project.ts';
import type { Lease, Session } from './session.ts';
import type { SessionId } from './session-id.ts';

/**
 * The project as `holder` may record to it what it has of `session`, which was read before the files were: every change
 * of the session carries the fencing token of that moment. Once another has had the lease since, or has it now, throws
 * `session/lease-lost`, here or when something is to be changed, and nothing has changed. Costs no request.
 */
export function projectForWriter<Project extends ProjectLedger>(
  project: Project,
  session: Session,
  holder: string,
): Project {
  if (isAnothers(session.lease, holder)) throw movedOn(session);
  return { ...project, ledger: new WriterLedger(project.ledger, session, holder) };
}

/**
 * Whether another than `holder` has the lease. Whether it has lapsed is not asked: until somebody has taken it from its
 * holder, that may come back.
 */
export function isAnothers(lease: Lease | null, holder: string): boolean {
  return lease !== null && lease.holder !== holder && lease.untilMs !== null;
}

/** A ledger whose one session only changes under a fencing token. */
class WriterLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #id: SessionId;
  readonly #holder: string;
  readonly #token: number;

  constructor(ledger: Ledger, { id, lease }: Session, holder: string) {
    this.#ledger = ledger;
    this.#id = id;
    this.#holder = holder;
    this.#token = lease?.token ?? 0;
  }

  updateSession(id: SessionId, change: (session: Session) => Session): Promise<Session> {
    if (id !== this.#id) return this.#ledger.updateSession(id, change);
    return this.#ledger.updateSession(id, (current) => {
      this.#requireToken(current);
      return change(current);
    });
  }

  /** Only the holder itself may have taken it since: then nobody else had it in between. */
  #requireToken(current: Session): void {
    const token = current.lease?.token ?? 0;
    const isOwnTake = token === this.#token + 1 && current.lease?.holder === this.#holder;
    if (isAnothers(current.lease, this.#holder) || (token !== this.#token && !isOwnTake))
      throw movedOn(current);
  }

  createProject(head: Head): Promise<void> {
    return this.#ledger.createProject(head);
  }

  exists(): Promise<boolean> {
    return this.#ledger.exists();
  }

  readHead(): Promise<HeadVersion> {
    return this.#ledger.readHead();
  }

  moveHead(current: HeadVersion, next: Head): Promise<'moved' | 'lost'> {
    return this.#ledger.moveHead(current, next);
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#ledger.inTurn(work);
  }

  readLanding(sequence: number): Promise<Landing> {
    return this.#ledger.readLanding(sequence);
  }

  createSession(session: Session): Promise<void> {
    return this.#ledger.createSession(session);
  }

  readSession(id: SessionId): Promise<Session | undefined> {
    return this.#ledger.readSession(id);
  }

  listSessions(): AsyncIterable<Session> {
    return this.#ledger.listSessions();
  }

  deleteSession(id: SessionId): Promise<void> {
    return this.#ledger.deleteSession(id);
  }
}
