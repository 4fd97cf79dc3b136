import type { Hash } from '../base/hash.ts';
import { requirePresent } from './keep.ts';
import { type ProjectContext, requireSession } from './project.ts';
import { withWork } from './record.ts';
import type { Agent, OpenConflict, Session } from './session.ts';
import { newSessionId, type SessionId } from './session-id.ts';

export interface ForkRequest {
  readonly agent: Agent;
  /** A name for the fork; otherwise that of the source. */
  readonly title?: string | undefined;
  /** The source's files as they are now, durable; otherwise as they were last recorded. */
  readonly tree?: Hash | undefined;
  /** Conflicts that are marked in these files, besides those of the source. */
  readonly open?: readonly OpenConflict[] | undefined;
}

/**
 * A new session that begins where `id` stands now: its base, files, goal, record and checkpoints. The two know nothing
 * of each other afterwards. A fork of a landed session starts on what landed, with what was changed since as its changes.
 */
export async function forkSession(
  project: ProjectContext,
  id: SessionId,
  request: ForkRequest,
): Promise<Session> {
  const source = await requireSession(project, id);
  requirePresent(source);
  const now = project.clock.now();
  const start = await startOf(project, source, request.tree);
  const conflicts = [...start.conflicts, ...(request.open ?? [])];
  const fork: Session = {
    ...source,
    ...start,
    conflicts,
    id: newSessionId(project.random),
    title: request.title ?? source.title,
    agent: request.agent,
    state: source.state === 'conflicted' || conflicts.length > 0 ? 'conflicted' : 'active',
    createdMs: now,
    forkedFrom: id,
    workspace: null,
    lease: null,
    landed: null,
  };
  const recorded = withWork(fork, now, request.agent.name, `Forked from ${id}`);
  await project.ledger.createSession(recorded);
  return recorded;
}

async function startOf(
  project: ProjectContext,
  source: Session,
  tree: Hash = source.tree,
): Promise<Pick<Session, 'base' | 'tree' | 'conflicts'>> {
  if (source.landed === null) return { base: source.base, tree, conflicts: source.conflicts };
  const { origin, ...landing } = await project.ledger.readLanding(source.landed.sequence);
  if (origin.kind !== 'session' || tree === origin.tree) {
    return { base: { tree: landing.tree, sequence: landing.sequence }, tree: landing.tree, conflicts: [] };
  }
  // What changed since is told apart from what landed by the session's own tree; which landings may touch it, by the
  // base that this tree still has from before.
  return { base: { tree: origin.tree, sequence: source.base.sequence }, tree, conflicts: [] };
}
