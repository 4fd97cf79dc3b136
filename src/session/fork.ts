import { requirePresent } from './keep.ts';
import { type ProjectContext, requireSession } from './project.ts';
import { withWork } from './record.ts';
import type { Agent, Session } from './session.ts';
import { newSessionId, type SessionId } from './session-id.ts';

/**
 * A new session that begins where `id` stands now: its base, files, goal, record and checkpoints. The two know nothing
 * of each other afterwards. A fork of a landed session starts on what landed.
 */
export async function forkSession(
  project: ProjectContext,
  id: SessionId,
  agent: Agent,
  title?: string,
): Promise<Session> {
  const source = await requireSession(project, id);
  requirePresent(source);
  const now = project.clock.now();
  const fork: Session = {
    ...source,
    ...(await startOf(project, source)),
    id: newSessionId(project.random),
    title: title ?? source.title,
    agent,
    state: 'active',
    createdMs: now,
    forkedFrom: id,
    workspace: null,
    landed: null,
  };
  const recorded = withWork(fork, now, agent.name, `Forked from ${id}`);
  await project.ledger.createSession(recorded);
  return recorded;
}

async function startOf(
  project: ProjectContext,
  source: Session,
): Promise<Pick<Session, 'base' | 'tree' | 'conflicts'>> {
  if (source.landed === null) return { base: source.base, tree: source.tree, conflicts: source.conflicts };
  const landing = await project.ledger.readLanding(source.landed.sequence);
  const base = { tree: landing.tree, sequence: landing.sequence };
  return { base, tree: landing.tree, conflicts: [] };
}
