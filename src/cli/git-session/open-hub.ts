import { dirname } from 'node:path';
import { agentAt } from '../../app/hub/agent-at.ts';
import { HubSessions, type HubSurroundings } from '../../app/hub/hub-sessions.ts';
import { locateOwnSlug, locateSlug } from '../../app/hub/locate-slug.ts';
import { systemClock } from '../../base/clock.ts';
import { Git } from '../../git/git-process.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Answer, CommandContext } from '../command.ts';
import { asKnown } from './last-known.ts';

/** What a remote has said counts for so long within a command, in ms: to ask anew for each thing takes a second each. */
const looksGoodForMs = 2000;

/** Runs `work` with the sessions of the git repository that the command was called in. */
export async function withHub<T>(
  { configuration, environment, directory }: CommandContext,
  work: (sessions: HubSessions) => Promise<T>,
  reads: NonNullable<HubSurroundings['reads']> = 'current',
): Promise<T> {
  const git = new Git(environment);
  const sessions = await HubSessions.open(directory, {
    git,
    agent: agentAt(git, directory, environment, configuration.agent),
    clock: systemClock,
    environment,
    // The user's own state of Micelio lies beside that of the file server.
    state: dirname(configuration.fileServer.state),
    reads,
    looksGoodForMs,
  });
  // No program can be started in a directory that is gone, as that of a workspace may be before the work is done.
  process.chdir(sessions.mainDirectory);
  try {
    return await work(sessions);
  } finally {
    await sessions.close();
  }
}

/** The same with one session: the one that `name` means, or that of the workspace. */
export function withSession<T>(
  context: CommandContext,
  name: string | undefined,
  work: (sessions: HubSessions, slug: Slug) => Promise<T>,
): Promise<T> {
  return withHub(context, async (sessions) =>
    work(sessions, await locateSlug(sessions, context.directory, name)),
  );
}

/** The same for what puts changes on main or ends the session: it is said which one, and it is no other agent's. */
export function withOwnSession<T>(
  context: CommandContext,
  name: string | undefined,
  work: (sessions: HubSessions, slug: Slug) => Promise<T>,
): Promise<T> {
  return withHub(context, async (sessions) =>
    work(sessions, await locateOwnSlug(sessions, context.directory, name)),
  );
}

/**
 * Answers a question about the sessions of the git repository. Where a remote decides that is out of reach, by what was last
 * known of it, and says so.
 */
export function askHub(
  context: CommandContext,
  question: (sessions: HubSessions) => Promise<Answer>,
): Promise<Answer> {
  return withHub(
    context,
    async (sessions) => asKnown(sessions.ledger, await question(sessions)),
    'or last known',
  );
}

/** The same about one session: the one that `name` means, or that of the workspace. */
export function askSession(
  context: CommandContext,
  name: string | undefined,
  question: (sessions: HubSessions, slug: Slug) => Promise<Answer>,
): Promise<Answer> {
  return askHub(context, async (sessions) =>
    question(sessions, await locateSlug(sessions, context.directory, name)),
  );
}
