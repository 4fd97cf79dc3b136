import { hasCode } from '../base/error.ts';
import { type Collected, collectPacks } from '../blob/collect.ts';
import { decodeNode } from '../tree/node.ts';
import { referencesOfNode } from '../tree/references.ts';
import type { ProjectContext } from './project.ts';
import { findReachable } from './reachable.ts';
import type { Session } from './session.ts';
import { SessionError } from './session-error.ts';
import type { SessionId } from './session-id.ts';

const hourMs = 60 * 60 * 1000;

/** How long what nobody refers to is kept, unless the user says otherwise: writers have ended by then. */
export const graceHoursDefault = 24;

export interface CollectRequest {
  readonly graceHours: number;
  /** `dry run` tells what would be done, and writes nothing. */
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
  const forgotten = await forgetSessions(project, request);
  const { damage, ...needed } = await findReachable(project, { without: forgotten });
  if (damage.length > 0) {
    throw new SessionError(
      'project/damaged',
      `Project ${project.name} has damaged objects, such as ${damage[0]!.hash}, which ${damage[0]!.of} needs. Nothing was collected; run "mic store fsck".`,
    );
  }
  const collected = await collectPacks(project.blobs, needed, {
    graceMs: request.graceHours * hourMs,
    mode: request.mode,
    referencesOf: (hash, bytes) => referencesOfNode(decodeNode(bytes, hash)),
  });
  return { ...collected, forgottenSessions: forgotten.size };
}

/** The sessions whose time is over. A dry run leaves them where they are. */
async function forgetSessions(
  project: ProjectContext,
  { mode, onForget }: CollectRequest,
): Promise<ReadonlySet<SessionId>> {
  const forgotten = new Set<SessionId>();
  for await (const session of project.ledger.listSessions()) {
    if (!isOver(session, project.clock.now())) continue;
    if (mode === 'collect') {
      if (!(await seal(project, session.id))) continue;
      await onForget?.(session);
      await project.ledger.deleteSession(session.id);
    }
    forgotten.add(session.id);
  }
  return forgotten;
}

function isOver({ removed }: Session, now: number): boolean {
  return removed !== null && removed.keepUntilMs <= now;
}

/** Makes sure that nobody restores a session that is about to be deleted; false when somebody has, or has deleted it. */
async function seal(project: ProjectContext, id: SessionId): Promise<boolean> {
  try {
    const sealed = await project.ledger.updateSession(id, (current) =>
      current.removed !== null && isOver(current, project.clock.now())
        ? { ...current, removed: { ...current.removed, keepUntilMs: 0 } }
        : current,
    );
    return sealed.removed?.keepUntilMs === 0;
  } catch (error) {
    if (hasCode(error, 'session/not-found')) return false;
    throw error;
  }
}
