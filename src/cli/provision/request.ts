import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { configurationFolder, mainCommit } from '../../app/hub/provision.ts';
import { systemClock } from '../../base/clock.ts';
import { Git } from '../../git/git-process.ts';
import { sessionVariables } from '../../workspace/git/session-environment.ts';
import { locateWorkspace, readProjectConf } from '../../workspace/provision/locate-workspace.ts';
import { PortRegistry } from '../../workspace/provision/port-registry.ts';
import { ProvisionError } from '../../workspace/provision/provision-error.ts';
import type { PlanRequest, ProvisionRequest } from '../../workspace/provision/provision-request.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';
import { list, text } from '../options.ts';

/** What all commands about the files of one workspace take. */
export const placeOptions = {
  from: text(
    '--from <directory>',
    'the main workspace (otherwise that of the repository, or what was cloned)',
  ),
  to: text('--to <directory>', 'the workspace (otherwise the one around the current directory)'),
  set: list('--set <name=value>', 'a value for {{ session.name }} in templates; can be given several times'),
} as const;

export interface PlaceValues {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly set: readonly string[];
}

const lockWaitMsMax = 10_000;

/** All that provisioning needs to know, from the options and the workspace. Whoever calls closes `ports`. */
async function planRequest(context: CommandContext, options: PlaceValues): Promise<PlanRequest> {
  const { configuration, environment, directory } = context;
  const git = new Git(environment);
  const { from, to, slug, branch, standing } = await locateWorkspace(git, {
    directory,
    from: options.from,
    to: options.to,
  });
  const user = configuration.agent;
  const isUnmade = standing === 'unmade';
  // What the shell of a session would have besides.
  const own = isUnmade
    ? sessionVariables({ slug, branch, agent: user, place: { directory: to, upstream: from } })
    : {};
  const folder = await configurationFolder(git, from);
  const unmade = isUnmade ? ({ commit: await mainCommit(git, from), kind: 'clone' } as const) : undefined;
  const settings = settingsOf(options.set);
  return {
    from,
    to,
    ...readProjectConf(from, folder, slug),
    facts: { slug, branch, user, settings, environment: { ...environment, ...own } },
    owner: `${from}#${slug}`,
    git,
    // The user's own state of Micelio lies beside that of the file server.
    ports: new PortRegistry(join(dirname(configuration.fileServer.state), 'ports')),
    clock: systemClock,
    lock: { wait: (ms) => setTimeout(ms), waitMsMax: lockWaitMsMax },
    ...(unmade && { unmade }),
  };
}

/** Runs `work` with a request about a workspace, which may not be made yet, and closes what was opened for it. */
export async function withPlanRequest<T>(
  context: CommandContext,
  options: PlaceValues,
  work: (request: PlanRequest) => Promise<T>,
): Promise<T> {
  const request = await planRequest(context, options);
  try {
    return await work(request);
  } finally {
    request.ports.close();
  }
}

/** The same about a workspace that there is. Throws `provision/no-workspace`. */
export function withRequest<T>(
  context: CommandContext,
  options: PlaceValues,
  work: (request: ProvisionRequest) => Promise<T>,
): Promise<T> {
  return withPlanRequest(context, options, ({ unmade, ...request }) => {
    if (unmade === undefined) return work(request);
    throw new ProvisionError(
      'provision/no-workspace',
      `"${request.from}" is the main workspace, which has these files already. Call this inside a session's workspace, or say --to DIRECTORY. "mic provision plan" shows here what a new one would get.`,
    );
  });
}

function settingsOf(assignments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(assignment) ?? [];
      if (name === undefined || value === undefined) {
        throw new CliError('cli/usage', `"--set ${assignment}" is not understood. Write --set NAME=VALUE.`);
      }
      return [name, value];
    }),
  );
}
