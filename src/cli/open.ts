import { type LocatedSession, locateProject, locateSession } from '../app/locate.ts';
import type { OpenProject } from '../app/micelio.ts';
import { Sessions } from '../app/sessions.ts';
import { Workspaces } from '../app/workspaces.ts';
import type { CommandContext } from './command.ts';

/** The project that `--project`, the workspace or the configuration names. */
export function projectFor(
  { micelio, configuration }: CommandContext,
  name: string | undefined,
): OpenProject {
  return locateProject(micelio, configuration, name);
}

/** The session that `id` or the workspace names, with all that can be done with it. */
export async function sessionFor(
  context: CommandContext,
  id: string | undefined,
): Promise<LocatedSession & { readonly sessions: Sessions }> {
  const located = await locateSession(context.micelio, context.configuration, id);
  return { ...located, sessions: sessionsOf(context, located.project) };
}

export function sessionsOf({ configuration }: CommandContext, project: OpenProject): Sessions {
  return new Sessions(
    project,
    new Workspaces(configuration.workspaces, configuration.store, configuration.workspace?.directory),
  );
}
