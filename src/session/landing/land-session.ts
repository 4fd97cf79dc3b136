import type { Hash } from '../../base/hash.ts';
import type { Conflict } from '../../merge/conflict.ts';
import { textFromPath } from '../../tree/path.ts';
import { checkpointSession } from '../checkpoint.ts';
import type { Landing } from '../head.ts';
import { requirePresent } from '../keep.ts';
import { nextState } from '../life-cycle.ts';
import { type ProjectContext, requireSession } from '../project.ts';
import { withWork } from '../record.ts';
import { recordText } from '../record-text.ts';
import type { Base, OpenConflict, Session } from '../session.ts';
import { SessionError } from '../session-error.ts';
import type { SessionId } from '../session-id.ts';
import { unresolvedConflicts } from './conflicts.ts';
import type { LandingQueue } from './landing-queue.ts';

export interface LandRequest {
  /** The session as it was read just now, or its id: then it is read first. */
  readonly session: Session | SessionId;
  readonly message: string;
  /** The session's files as they are now; durable. Left out: as they were last recorded. */
  readonly tree?: Hash;
}

export type SessionLanding =
  | { readonly outcome: 'landed'; readonly landing: Landing; readonly session: Session }
  | {
      readonly outcome: 'conflict';
      readonly conflicts: readonly Conflict[];
      /** The head that the session could not be merged with. */
      readonly head: Base;
      readonly session: Session;
    };

/**
 * Lands a session: merges its changes into the head, exactly once however often and from wherever it is called. A
 * conflict lands nothing and makes the session `conflicted`, to be synced, resolved and landed again.
 *
 * Throws `landing/nothing` when there is no change to land, `session/unresolved` while conflicts are open,
 * `landing/changed-since` when an earlier call landed other files than these, and as the life cycle does.
 */
export async function landSession(
  project: ProjectContext,
  queue: LandingQueue,
  request: LandRequest,
): Promise<SessionLanding> {
  const given = request.session;
  const found = typeof given === 'string' ? await requireSession(project, given) : given;
  if (found.landed !== null) return landedBefore(project, found, request.tree);
  requirePresent(found);
  nextState(found.state, 'complete', found.id);
  const tree = request.tree ?? found.tree;
  const open = await unresolvedConflicts(project, found, tree);
  if (open.length > 0) throw unresolved(found, open);
  if (tree === found.base.tree) {
    throw new SessionError(
      'landing/nothing',
      `Session ${found.id} has changed nothing, so there is nothing to land. Work in it, or abandon it.`,
    );
  }
  const message = recordText(request.message, 'message');
  const { outcome: recorded, session } = await checkpointSession(project, found, tree, '');
  // Somebody else has recorded its files at this very moment: what they are is looked at anew.
  if (recorded === 'moved') return landSession(project, queue, { ...request, session: found.id });
  const outcome = await queue.land({
    origin: { kind: 'session', session: session.id, tree },
    agent: session.agent,
    message,
    base: session.base,
    tree,
  });
  return outcome.outcome === 'landed'
    ? finish(project, session.id, outcome.landing, tree)
    : recordConflict(project, session.id, outcome.conflicts, outcome.head);
}

/** Makes the session say what is so: that it has landed, whatever became of its state meanwhile. */
export function recordLanded(project: ProjectContext, id: SessionId, landing: Landing): Promise<Session> {
  return project.ledger.updateSession(id, (current) => {
    if (current.landed !== null) return current;
    const landed: Session = {
      ...current,
      state: 'completed',
      landed: { sequence: landing.sequence },
      conflicts: [],
    };
    return withWork(landed, project.clock.now(), current.agent.name, `Landed as ${landing.sequence}`);
  });
}

async function finish(
  project: ProjectContext,
  id: SessionId,
  landing: Landing,
  tree: Hash,
): Promise<SessionLanding> {
  const session = await recordLanded(project, id, landing);
  requireSameTree(session, landing, tree);
  return { outcome: 'landed', landing, session };
}

async function landedBefore(
  project: ProjectContext,
  session: Session,
  tree: Hash | undefined,
): Promise<SessionLanding> {
  const landing = await project.ledger.readLanding(session.landed!.sequence);
  if (tree !== undefined) requireSameTree(session, landing, tree);
  return { outcome: 'landed', landing, session };
}

function requireSameTree(session: Session, landing: Landing, tree: Hash): void {
  if (landing.origin.kind !== 'session' || landing.origin.tree === tree) return;
  throw new SessionError(
    'landing/changed-since',
    `Session ${session.id} has landed as ${landing.sequence}, and its files were changed since. What landed stays; go on with the rest in a fork: mic session fork ${session.id}`,
  );
}

async function recordConflict(
  project: ProjectContext,
  id: SessionId,
  conflicts: readonly Conflict[],
  head: Base,
): Promise<SessionLanding> {
  const session = await project.ledger.updateSession(id, (current) => {
    const open: OpenConflict[] = conflicts.map((conflict) => ({
      path: conflict.path,
      kind: conflict.kind,
      left: null,
      resolved: false,
    }));
    const state = nextState(current.state, 'conflict', id);
    const text = `Landing on ${head.sequence} met conflicts in ${open.length} ${open.length === 1 ? 'path' : 'paths'}`;
    return withWork({ ...current, state, conflicts: open }, project.clock.now(), current.agent.name, text);
  });
  return { outcome: 'conflict', conflicts, head, session };
}

function unresolved(session: Session, open: readonly OpenConflict[]): SessionError {
  const names = open
    .slice(0, 5)
    .map(({ path }) => textFromPath(path))
    .join(', ');
  const more = open.length > 5 ? ` and ${open.length - 5} more` : '';
  return new SessionError(
    'session/unresolved',
    `Session ${session.id} has conflicts that nobody has resolved: ${names}${more}. Edit them, or say "mic session resolve PATH" where a file is right as it is; then land again.`,
  );
}
