import type { Hash } from '../base/hash.ts';
import type { ProjectContext } from './project.ts';
import { keepShort, withWork } from './record.ts';
import { recordText } from './record-text.ts';
import type { Checkpoint, Session } from './session.ts';
import { SessionError } from './session-error.ts';
import type { SessionId } from './session-id.ts';

/** How many checkpoints a session keeps; then the oldest go. */
const checkpointsMax = 500;

/** Records `tree`, which must be durable, as what the session's files are. Does nothing when they were recorded so. */
export async function checkpointSession(
  project: ProjectContext,
  id: SessionId,
  tree: Hash,
  note: string,
): Promise<Session> {
  const now = project.clock.now();
  const text = note.trim() === '' ? '' : recordText(note, 'note');
  const session = await project.ledger.updateSession(id, (current) =>
    withCheckpoint(current, tree, text, now),
  );
  return keepShort(project, session);
}

/** `session` with its files recorded as `tree`. */
export function withCheckpoint(session: Session, tree: Hash, note: string, now: number): Session {
  if (tree === session.tree && note === '') return session;
  if (session.state === 'completed') {
    throw new SessionError(
      'session/forbidden-move',
      `Session ${session.id} has landed; what changed since is not recorded in it. Fork it to go on: mic session fork ${session.id}`,
    );
  }
  const number = (session.checkpoints.at(-1)?.number ?? 0) + 1;
  const checkpoints = [...session.checkpoints, { number, tree, atMs: now, note }].slice(-checkpointsMax);
  const text = note === '' ? `Checkpoint ${number}` : `Checkpoint ${number}: ${note}`;
  return withWork({ ...session, tree, checkpoints }, now, session.agent.name, text);
}

/** The checkpoint `number`; throws `session/checkpoint-unknown`. */
export function checkpointOf(session: Session, number: number): Checkpoint {
  const found = session.checkpoints.find((checkpoint) => checkpoint.number === number);
  if (found !== undefined) return found;
  const known = session.checkpoints.map((checkpoint) => checkpoint.number).join(', ') || 'none';
  throw new SessionError(
    'session/checkpoint-unknown',
    `Session ${session.id} has no checkpoint ${number}; it has ${known}. "mic session show ${session.id}" lists them.`,
  );
}
