import { leaseStanding, type TakeMode } from '../session/lease.ts';
import { heldElsewhere, movedOn } from '../session/lease-words.ts';
import type { ProjectLedger } from '../session/project.ts';
import type { Session } from '../session/session.ts';
import { isAnothers, projectForWriter } from '../session/writer.ts';
import type { MountWorkspace } from '../workspace/mount/mount-workspace.ts';
import type { OnProgress } from './projects.ts';
import type { AnyWorkspace } from './workspaces.ts';

/** Called where it takes a while until a lease can be taken. */
const waiting = 'Looking whether another machine is still at work';

/**
 * The project as `workspace` may record to it what it has of `session`: a mount under the session's lease, a checkout as
 * it is, since it merges. Throws `session/lease-lost`.
 */
export function projectForWorkspace<Project extends ProjectLedger>(
  project: Project,
  session: Session,
  workspace: AnyWorkspace,
): Project {
  return workspace.kind === 'mount' ? projectForWriter(project, session, workspace.served.id) : project;
}

/** Whether nothing may be recorded from `workspace`, as another machine has the session's lease. */
export function isLeftToOthers({ lease }: Session, workspace: AnyWorkspace): boolean {
  return workspace.kind === 'mount' && isAnothers(lease, workspace.served.id);
}

/** Throws `session/lease-held` for a session that cannot be mounted here, as another machine writes it. Costs nothing. */
export function requireFree(session: Session, mode: TakeMode, nowMs: number): void {
  if (mode === 'take-over' || leaseStanding(session.lease, undefined, nowMs) !== 'held') return;
  throw heldElsewhere(session);
}

/**
 * Takes the lease of a session for a mount that is here already, where it is somebody else's. Says whether the files here
 * have to be merged with the session's before anybody goes on. Throws `session/lease-lost`.
 */
export async function returnToMount(
  session: Session,
  workspace: MountWorkspace,
  mode: TakeMode,
  nowMs: number,
  onProgress: OnProgress,
): Promise<'merge' | 'as it was'> {
  const standing = leaseStanding(session.lease, workspace.served.id, nowMs);
  if (standing === 'held' && mode !== 'take-over') throw movedOn(session);
  if (standing === 'mine' || standing === 'free') {
    const { agreed, recorded } = await workspace.known();
    return session.tree === agreed || session.tree === recorded ? 'as it was' : 'merge';
  }
  await take(session, workspace, mode, nowMs, onProgress);
  return 'merge';
}

/** Takes the lease for a mount that was just made, which goes again where somebody else was faster. */
export async function takeForNewMount(
  session: Session,
  workspace: MountWorkspace,
  mode: TakeMode,
  nowMs: number,
  onProgress: OnProgress,
): Promise<void> {
  try {
    await take(session, workspace, mode, nowMs, onProgress);
  } catch (error) {
    await workspace.drop();
    throw error;
  }
}

async function take(
  session: Session,
  workspace: MountWorkspace,
  mode: TakeMode,
  nowMs: number,
  onProgress: OnProgress,
): Promise<void> {
  if (mode !== 'take-over' && leaseStanding(session.lease, workspace.served.id, nowMs) === 'lapsed') {
    onProgress(waiting, 0, 1);
  }
  await workspace.take(mode);
}
