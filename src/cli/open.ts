import { existsSync } from 'node:fs';
import type { LedgerHints } from '../app/choose-ledger.ts';
import { locateProject, locateSession } from '../app/locate.ts';
import { currentUser, launchMounts } from '../app/mounts.ts';
import type { OpenProject } from '../app/open-project.ts';
import type { Sessions } from '../app/sessions.ts';
import type { Workspaces } from '../app/workspaces.ts';
import type { ProjectLedger } from '../session/project.ts';
import type { Session } from '../session/session.ts';
import type { CommandContext } from './command.ts';

/** Whether a command is about sessions of a git repository, and not of the store: `chooseLedger` says how that is decided. */
export async function meansHub(
  { configuration, environment, directory }: CommandContext,
  hints: LedgerHints,
): Promise<boolean> {
  const { chooseLedger } = await import('../app/choose-ledger.ts');
  return (await chooseLedger(configuration, environment, directory, hints)) === 'hub';
}

/** The ledger of the project that `--project`, the workspace or the configuration names. */
export async function ledgerFor(
  { openMicelio, configuration, directory }: CommandContext,
  name: string | undefined,
): Promise<ProjectLedger> {
  return locateProject(await openMicelio(), configuration, directory, name);
}

/** That project with its files. */
export async function projectFor(context: CommandContext, name: string | undefined): Promise<OpenProject> {
  const micelio = await context.openMicelio();
  return micelio.project((await ledgerFor(context, name)).name);
}

/** A session, its project, and all that can be done with it. */
export interface OpenSession {
  readonly project: OpenProject;
  readonly session: Session;
  readonly sessions: Sessions;
}

/** The session that `id` or the workspace names. */
export async function sessionFor(context: CommandContext, id: string | undefined): Promise<OpenSession> {
  const micelio = await context.openMicelio();
  const located = await locateSession(micelio, context.configuration, context.directory, id);
  const project = await micelio.project(located.project.name);
  return { project, session: located.session, sessions: await sessionsOf(context, project) };
}

/** What can be done with the sessions of a project. Loaded here, since a short command does without. */
async function sessionsOf(context: CommandContext, project: OpenProject): Promise<Sessions> {
  const [{ Sessions }, workspaces] = await Promise.all([import('../app/sessions.ts'), workspacesOf(context)]);
  return new Sessions(project, workspaces);
}

/** The workspaces of this machine. */
export async function workspacesOf({ configuration, environment }: CommandContext): Promise<Workspaces> {
  const { Workspaces } = await import('../app/workspaces.ts');
  const { workspaces: root, store, workspace } = configuration;
  return new Workspaces({
    root,
    store,
    here: workspace?.directory,
    owner: currentUser(),
    mounts: () => launchMounts(configuration, environment),
    mayHaveMounts: () => existsSync(configuration.fileServer.overlays),
  });
}
