import type { Head, Landing } from './head.ts';
import type { Session } from './session.ts';
import type { SessionId } from './session-id.ts';

/** A head and the version of it that was read. */
export interface HeadVersion {
  readonly head: Head;
  /** What `moveHead` compares; opaque. */
  readonly version: string;
}

/**
 * Where the sessions and the head of one project are recorded, and where races are decided. The `ledger` room has the
 * kinds there are. Every write has either happened or not, whatever the network or a crash did in between.
 */
export interface Ledger {
  /** Makes the project, with its first head. Throws `project/exists`. */
  createProject(head: Head): Promise<void>;

  /** Whether there is a project, even one that has lost its head. What a creation that was killed has left is none. */
  exists(): Promise<boolean>;
  /** Throws `project/not-found`. */
  readHead(): Promise<HeadVersion>;
  /** Makes `next` the head if `current` still is: `lost` when somebody else was faster, and nothing has changed. */
  moveHead(current: HeadVersion, next: Head): Promise<'moved' | 'lost'>;
  /** Runs `work`, which is to move the head, when others on this machine have done theirs: saves races, decides nothing. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** A landing that the head has reached. Throws `landing/unknown`. */
  readLanding(sequence: number): Promise<Landing>;

  createSession(session: Session): Promise<void>;
  readSession(id: SessionId): Promise<Session | undefined>;
  /**
   * Changes a session: `change` gets what it is and returns what it shall be, or the same object to leave it. May be
   * called again when another writer was faster. Throws `session/not-found`, and whatever `change` throws.
   */
  updateSession(id: SessionId, change: (session: Session) => Session): Promise<Session>;
  listSessions(): AsyncIterable<Session>;
  /** Forgets a session for good. */
  deleteSession(id: SessionId): Promise<void>;
}
