import { type Collected, collectPacks } from '../blob/collect.ts';
import type { ProjectContext } from './project.ts';
import { findReachable } from './reachable.ts';
import type { Session } from './session.ts';
import { SessionError } from './session-error.ts';

const hourMs = 60 * 60 * 1000;

/** How long what nobody refers to is kept, unless the user says otherwise: writers have ended by then. */
export const graceHoursDefault = 24;

export interface CollectRequest {
  readonly graceHours: number;
  readonly mode: 'collect' | 'dry run';
  /** Called before a removed session is forgotten, to delete what was put aside of it outside the store. */
  readonly onForget?: (session: Session) => Promise<void>;
}

export interface ProjectCollected extends Collected {
  /** Removed sessions whose time was over, and that were forgotten. */
  readonly forgottenSessions: number;
}

/**
 * Forgets removed sessions whose time is over, and deletes the objects that neither the head nor a landing nor a session
 * needs, in two steps a grace period apart. Throws `project/damaged`, and deletes nothing, when something that is needed
 * cannot be read: what is damaged must not grow.
 */
export async function collectGarbage(
  project: ProjectContext,
  request: CollectRequest,
): Promise<ProjectCollected> {
  const forgottenSessions = await forgetSessions(project, request);
  const { objects, damage } = await findReachable(project);
  if (damage.length > 0) {
    throw new SessionError(
      'project/damaged',
      `Project ${project.name} has damaged objects, such as ${damage[0]!.hash}, which ${damage[0]!.of} needs. Nothing was collected; run "mic store fsck".`,
    );
  }
  const collected = await collectPacks(project.blobs, objects, {
    graceMs: request.graceHours * hourMs,
    mode: request.mode,
  });
  return { ...collected, forgottenSessions };
}

async function forgetSessions(project: ProjectContext, { mode, onForget }: CollectRequest): Promise<number> {
  let forgotten = 0;
  for await (const session of project.ledger.listSessions()) {
    if (session.removed === null || session.removed.keepUntilMs > project.clock.now()) continue;
    forgotten++;
    if (mode === 'dry run') continue;
    await onForget?.(session);
    await project.ledger.deleteSession(session.id);
  }
  return forgotten;
}
