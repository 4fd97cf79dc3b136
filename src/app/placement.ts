import { setWorkspace } from '../session/keep.ts';
import type { ProjectLedger } from '../session/project.ts';
import type { Session } from '../session/session.ts';
import type { MountOutcome } from '../workspace/mount/mounter.ts';
import type { OpenProject } from './open-project.ts';
import type { OnProgress } from './projects.ts';
import type { AnyWorkspace, WorkspaceChoice, Workspaces } from './workspaces.ts';

/** A session and the directory in which it is edited, if it has one on this machine. */
export interface PlacedSession {
  readonly session: Session;
  readonly workspace: AnyWorkspace | undefined;
  /** Of a mounted workspace: whether its directory is mounted now. */
  readonly mount?: MountOutcome;
}

/** What it takes to give sessions of a project workspaces. */
export interface Placing {
  readonly project: ProjectLedger;
  /** Opens the project's files, where they are needed: a mount does without, and is there sooner. */
  readonly openProject: () => Promise<OpenProject>;
  readonly workspaces: Workspaces;
  /** Called with the workspace before the session is told of it. */
  readonly whenMade?: (workspace: AnyWorkspace) => Promise<void>;
}

/** Makes a workspace for a session that has none on this machine, and mounts it where it is a mount. */
export async function placeSession(
  { project, openProject, workspaces, whenMade }: Placing,
  session: Session,
  choice: WorkspaceChoice,
  onProgress: OnProgress,
): Promise<PlacedSession> {
  const workspace = await workspaces.create(openProject, session, choice, onProgress);
  await whenMade?.(workspace);
  return placed(await rememberWorkspace(project, session, workspace), workspace);
}

/** The first workspace of a session that was just started. Where it cannot be made, there is no session either. */
export async function placeNewSession(
  placing: Placing,
  session: Session,
  choice: WorkspaceChoice,
  onProgress: OnProgress,
): Promise<PlacedSession> {
  try {
    return await placeSession(placing, session, choice, onProgress);
  } catch (error) {
    await placing.project.ledger.deleteSession(session.id);
    throw error;
  }
}

/** Writes down where the session's workspace is. */
export async function rememberWorkspace(
  project: ProjectLedger,
  session: Session,
  workspace: AnyWorkspace,
): Promise<Session> {
  const { kind, directory } = workspace;
  if (session.workspace?.directory === directory && session.workspace.kind === kind) return session;
  const remembered: Session['workspace'] =
    workspace.kind === 'mount'
      ? { kind: workspace.kind, directory, base: workspace.served.base }
      : { kind: workspace.kind, directory };
  return setWorkspace(project, session.id, remembered);
}

/** The session with its workspace, mounted where it is to be and this process may. */
export async function placed(session: Session, workspace: AnyWorkspace): Promise<PlacedSession> {
  if (workspace.kind === 'checkout') return { session, workspace };
  return { session, workspace, mount: await workspace.mount() };
}
