import type { Hash } from '../base/hash.ts';
import { withCheckpoint } from './checkpoint.ts';
import type { Head } from './head.ts';
import { requirePresent } from './keep.ts';
import { unresolvedConflicts } from './landing/conflicts.ts';
import { recordLanded } from './landing/land-session.ts';
import { LandingLog } from './landing/landing-log.ts';
import { nextState } from './life-cycle.ts';
import { type MergedFiles, mergeFiles } from './merge-files.ts';
import { type ProjectContext, requireSession } from './project.ts';
import { withWork } from './record.ts';
import type { Base, Session } from './session.ts';
import { SessionError } from './session-error.ts';
import type { SessionId } from './session-id.ts';

/** What bringing the head into a session would make of its files. */
export interface PlannedSync extends MergedFiles {
  readonly id: SessionId;
  /** The session's files before. */
  readonly from: Hash;
  readonly head: Base;
}

/**
 * Merges the head into the session's files, `tree` (durable), without changing the session yet; undefined when its base
 * is the head already. The caller brings the workspace to the planned tree and then calls `finishSync`: killed in
 * between, the session still lands right, since its old base is a base of the merged files too.
 */
export async function planSync(
  project: ProjectContext,
  id: SessionId,
  tree: Hash,
): Promise<PlannedSync | undefined> {
  const session = await requireSession(project, id);
  requirePresent(session);
  if (session.state !== 'active' && session.state !== 'conflicted') {
    throw new SessionError(
      'session/forbidden-move',
      `Session ${id} is ${session.state}: only one that is worked on can be synced.`,
    );
  }
  const { head } = await project.ledger.readHead();
  await requireNotLanded(project, head, session);
  if (head.tree === session.base.tree) return undefined;
  const open = await unresolvedConflicts(project, session, tree);
  if (open.length > 0) {
    throw new SessionError(
      'session/unresolved',
      `Session ${id} still has conflicts of an earlier sync. Resolve them first: mic session status ${id}`,
    );
  }
  const merged = await mergeFiles(
    project,
    { base: session.base.tree, ours: tree, theirs: head.tree, attributes: head.tree },
    { ours: 'session', base: 'base', theirs: 'head' },
  );
  return { id, from: tree, head: { tree: head.tree, sequence: head.sequence }, ...merged };
}

/** A landing that died after the head had moved is looked for behind the session's base, which a sync moves on. */
async function requireNotLanded(project: ProjectContext, head: Head, session: Session): Promise<void> {
  const landing = await new LandingLog(project.ledger).find(head, session.id, session.base.sequence);
  if (landing === undefined) return;
  await recordLanded(project, session.id, landing);
  throw new SessionError(
    'landing/changed-since',
    `Session ${session.id} has landed as ${landing.sequence} already. To go on, start a session on the head.`,
  );
}

/** Records that the session's files are what was planned, and its base the head they were merged with. */
export function finishSync(project: ProjectContext, planned: PlannedSync): Promise<Session> {
  const { id, tree, head, open } = planned;
  return project.ledger.updateSession(id, (session) => {
    const now = project.clock.now();
    const state = open.length > 0 ? nextState(session.state, 'conflict', id) : withoutConflicts(session);
    const text =
      open.length > 0
        ? `Synced with landing ${head.sequence}: ${open.length} to resolve`
        : `Synced with landing ${head.sequence}`;
    const recorded = withCheckpoint(session, tree, '', now);
    return withWork({ ...recorded, state, base: head, conflicts: [...open] }, now, session.agent.name, text);
  });
}

function withoutConflicts(session: Session): Session['state'] {
  return session.state === 'conflicted' ? nextState(session.state, 'resolve', session.id) : session.state;
}
