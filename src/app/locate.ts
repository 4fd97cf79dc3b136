import type { ProjectLedger } from '../session/project.ts';
import { type ProjectName, parseProjectName } from '../session/project-name.ts';
import type { Session } from '../session/session.ts';
import { SessionError } from '../session/session-error.ts';
import { parseSessionId } from '../session/session-id.ts';
import { lacksSessions } from './choose-ledger.ts';
import type { Configuration } from './configuration.ts';
import type { Micelio } from './micelio.ts';

/** A session and the project it belongs to. */
export interface LocatedSession {
  readonly project: ProjectLedger;
  readonly session: Session;
}

/**
 * The session that a command is about: the one that is named, or that of the workspace the command was called in.
 * Throws `session/not-found`.
 */
export async function locateSession(
  micelio: Micelio,
  configuration: Configuration,
  directory: string,
  id: string | undefined,
): Promise<LocatedSession> {
  const { workspace } = configuration;
  const wanted = id === undefined ? workspace?.session : parseSessionId(id);
  if (wanted === undefined) {
    throw new SessionError(
      'session/not-found',
      `Which session? Give its id ("mic session list" shows them), or call this inside a workspace.${initWords(directory)}`,
    );
  }
  for await (const name of candidates(micelio, configuration)) {
    const project = micelio.ledger(name);
    const session = await project.ledger.readSession(wanted);
    if (session !== undefined) return { project, session };
  }
  throw new SessionError(
    'session/not-found',
    `The store ${configuration.store} has no session ${wanted}. "mic session list" shows what there is.`,
  );
}

/** The project that a command is about: the one that is named, or that of the workspace, or the configured one. */
export function locateProject(
  micelio: Micelio,
  configuration: Configuration,
  directory: string,
  name: string | undefined,
): ProjectLedger {
  const chosen = name ?? configuration.workspace?.project ?? configuration.project;
  if (chosen === undefined) {
    throw new SessionError(
      'project/name-invalid',
      `Which project? Say --project ORG/NAME, set MICELIO_PROJECT, or call this inside a workspace. "mic project list" shows them.${initWords(directory)}`,
    );
  }
  return micelio.ledger(parseProjectName(chosen));
}

/** Who is in a git repository may mean sessions of that one. */
function initWords(directory: string): string {
  return lacksSessions(directory)
    ? ' For sessions of the git repository that you are in, without a project: "mic init" lays them out.'
    : '';
}

/** The projects in which a session may be, the likely ones first. */
async function* candidates(micelio: Micelio, configuration: Configuration): AsyncGenerator<ProjectName> {
  const likely = [configuration.workspace?.project, configuration.project]
    .filter((name) => name !== undefined)
    .map(parseProjectName);
  yield* new Set(likely);
  for await (const name of micelio.projectNames()) if (!likely.includes(name)) yield name;
}
