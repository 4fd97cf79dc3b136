import { dirname } from 'node:path';
import { agentAt } from '../../app/hub/agent-at.ts';
import { HubSessions } from '../../app/hub/hub-sessions.ts';
import { locateSlug } from '../../app/hub/locate-slug.ts';
import { systemClock } from '../../base/clock.ts';
import { Git } from '../../git/git-process.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { CommandContext } from '../command.ts';

/** Runs `work` with the sessions of the git repository that the command was called in. */
export async function withHub<T>(
  { configuration, environment, directory }: CommandContext,
  work: (sessions: HubSessions) => Promise<T>,
): Promise<T> {
  const git = new Git(environment);
  const agent = await agentAt(git, directory, environment, configuration.agent);
  const sessions = await HubSessions.open(directory, {
    git,
    agent,
    clock: systemClock,
    environment,
    // The user's own state of Micelio lies beside that of the file server.
    state: dirname(configuration.fileServer.state),
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
