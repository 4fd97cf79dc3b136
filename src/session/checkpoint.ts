import type { Hash } from '../base/hash.ts';
import type { ProjectContext } from './project.ts';
import { keepShort, withWork } from './record.ts';
import { recordText } from './record-text.ts';
import type { Checkpoint, Session } from './session.ts';
import { SessionError } from './session-error.ts';

/** How many checkpoints a session keeps; then the oldest go. */
const checkpointsMax = 500;

/**
 * The note of a checkpoint that nobody asked for. The worklog does not tell of it, and where there are too many it goes
 * first; it is as any other when somebody asks for one while the files are still these.
 */
export const unaskedNote = 'recorded by mic-fs';

/** The session with its files recorded; or, when somebody else has recorded other files since, as they have. */
export type CheckpointOutcome =
  | { readonly outcome: 'recorded'; readonly session: Session }
  | { readonly outcome: 'moved'; readonly session: Session };

/**
 * Records `tree`, which must be durable, as what the files of `session` are, as it was last read. Does nothing when they
 * were recorded so, nor when they were recorded differently by somebody else since: that has to be merged first.
 */
export async function checkpointSession(
  project: ProjectContext,
  session: Session,
  tree: Hash,
  note: string,
): Promise<CheckpointOutcome> {
  if (isRecorded(session, tree, note.trim())) return { outcome: 'recorded', session };
  const now = project.clock.now();
  const text = note.trim() === '' ? '' : recordText(note, 'note');
  const recorded = await updateWhereItIs(project, session, (current) =>
    withCheckpoint(current, tree, text, now),
  );
  if (recorded.outcome === 'moved') return recorded;
  return { outcome: 'recorded', session: await keepShort(project, recorded.session) };
}

/** Changes `session` as `updateSession` does, unless its files are others by now than when it was last read. */
export async function updateWhereItIs(
  project: ProjectContext,
  session: Session,
  change: (current: Session) => Session,
): Promise<CheckpointOutcome> {
  let outcome: CheckpointOutcome['outcome'] = 'recorded';
  const updated = await project.ledger.updateSession(session.id, (current) => {
    outcome = current.tree === session.tree ? 'recorded' : 'moved';
    return outcome === 'moved' ? current : change(current);
  });
  return { outcome, session: updated };
}

/** `session` with its files recorded as `tree`. */
export function withCheckpoint(session: Session, tree: Hash, note: string, now: number): Session {
  if (isRecorded(session, tree, note)) return session;
  if (session.state === 'completed') {
    throw new SessionError(
      'session/forbidden-move',
      `Session ${session.id} has landed; what changed since is not recorded in it. Fork it to go on: mic session fork ${session.id}`,
    );
  }
  const last = session.checkpoints.at(-1);
  // What nobody asked for, and now somebody does, keeps its number.
  const isAskedFor = tree === session.tree && last?.note === unaskedNote;
  const kept = isAskedFor ? session.checkpoints.slice(0, -1) : session.checkpoints;
  const number = (last?.number ?? 0) + (isAskedFor ? 0 : 1);
  const checkpoints = notTooMany([...kept, { number, tree, atMs: now, note }]);
  if (note === unaskedNote) return { ...session, tree, checkpoints, updatedMs: now };
  const text = note === '' ? `Checkpoint ${number}` : `Checkpoint ${number}: ${note}`;
  return withWork({ ...session, tree, checkpoints }, now, session.agent.name, text);
}

/** They are what machines merge from that come back, so none goes before it has to. */
function notTooMany(checkpoints: readonly Checkpoint[]): Checkpoint[] {
  const many = checkpoints.length - checkpointsMax;
  if (many <= 0) return [...checkpoints];
  const unasked = checkpoints.filter(({ note }) => note === unaskedNote).slice(0, many);
  return checkpoints.filter((checkpoint) => !unasked.includes(checkpoint)).slice(-checkpointsMax);
}

/** Whether the session has `tree` as its files already, in a checkpoint that says as much as `note`. */
function isRecorded(session: Session, tree: Hash, note: string): boolean {
  if (tree !== session.tree) return false;
  return note === unaskedNote || (note === '' && session.checkpoints.at(-1)?.note !== unaskedNote);
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
