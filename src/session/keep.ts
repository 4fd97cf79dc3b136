import { checkpointOf, withCheckpoint } from './checkpoint.ts';
import { withLeaseGivenBack } from './lease.ts';
import { nextState } from './life-cycle.ts';
import { type ProjectLedger, sessionNotFound } from './project.ts';
import { withWork } from './record.ts';
import { recordText } from './record-text.ts';
import type { Session } from './session.ts';
import { SessionError } from './session-error.ts';
import type { SessionId } from './session-id.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Gives a session up. Its record and its files stay, and `restoreSession` brings it back. */
export async function abandonSession(
  project: ProjectLedger,
  id: SessionId,
  author: string,
  why: string,
): Promise<Session> {
  const reason = recordText(why, 'reason');
  return project.ledger.updateSession(id, (session) => {
    const state = nextState(session.state, 'abandon', id);
    const left = { ...withLeaseGivenBack(session), state };
    return withWork(left, project.clock.now(), author, `Abandoned: ${reason}`);
  });
}

/**
 * Takes a session out of sight. Everything it holds is kept for `keepDays`. The caller has recorded its files, and puts
 * its workspace aside into `directory` afterwards.
 */
export function removeSession(
  project: ProjectLedger,
  id: SessionId,
  author: string,
  keepDays: number,
  directory: string | null,
): Promise<Session> {
  const now = project.clock.now();
  return project.ledger.updateSession(id, (session) => {
    if (session.removed) return session;
    const removed = { atMs: now, keepUntilMs: now + keepDays * dayMs, directory };
    return withWork(
      { ...withLeaseGivenBack(session), removed },
      now,
      author,
      `Removed, kept for ${keepDays} days`,
    );
  });
}

/** Brings a removed or abandoned session back. What is neither stays as it is. */
export function restoreSession(project: ProjectLedger, id: SessionId, author: string): Promise<Session> {
  return project.ledger.updateSession(id, (session) => {
    const isAbandoned = session.state === 'abandoned';
    if (!session.removed && !isAbandoned) return session;
    // Garbage collection is about to delete it.
    if (session.removed?.keepUntilMs === 0) throw sessionNotFound(project, id);
    const state = isAbandoned ? nextState(session.state, 'reopen', id) : session.state;
    return withWork({ ...session, state, removed: null }, project.clock.now(), author, 'Restored');
  });
}

/** Makes the files of checkpoint `number` those of the session again, as a new checkpoint: nothing before it is lost. */
export async function restoreCheckpoint(
  project: ProjectLedger,
  id: SessionId,
  number: number,
): Promise<Session> {
  return project.ledger.updateSession(id, (session) => {
    const { tree } = checkpointOf(session, number);
    return withCheckpoint(session, tree, `back to checkpoint ${number}`, project.clock.now());
  });
}

/** Remembers where the session's files are edited. */
export function setWorkspace(
  project: ProjectLedger,
  id: SessionId,
  workspace: Session['workspace'],
): Promise<Session> {
  return project.ledger.updateSession(id, (session) => ({ ...session, workspace }));
}

/** Throws `session/removed` for a session that must be restored before anything else is done with it. */
export function requirePresent(session: Session): void {
  if (session.removed === null) return;
  throw new SessionError(
    'session/removed',
    `Session ${session.id} was removed. Bring it back first: mic session restore ${session.id}`,
  );
}
