import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { configurationFolder } from '../../app/hub/provision.ts';
import { systemClock } from '../../base/clock.ts';
import { Git } from '../../git/git-process.ts';
import { locateWorkspace, readProjectConf } from '../../workspace/provision/locate-workspace.ts';
import { PortRegistry } from '../../workspace/provision/port-registry.ts';
import type { ProvisionRequest } from '../../workspace/provision/provision-request.ts';
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
async function provisionRequest(context: CommandContext, options: PlaceValues): Promise<ProvisionRequest> {
  const { configuration, environment, directory } = context;
  const git = new Git(environment);
  const { from, to, slug, branch } = await locateWorkspace(git, {
    directory,
    from: options.from,
    to: options.to,
  });
  return {
    from,
    to,
    ...readProjectConf(from, await configurationFolder(git, from), slug),
    facts: { slug, branch, user: configuration.agent, settings: settingsOf(options.set), environment },
    owner: `${from}#${slug}`,
    git,
    // The user's own state of Micelio lies beside that of the file server.
    ports: new PortRegistry(join(dirname(configuration.fileServer.state), 'ports')),
    clock: systemClock,
    lock: { wait: (ms) => setTimeout(ms), waitMsMax: lockWaitMsMax },
  };
}

/** Runs `work` with a request, and closes what was opened for it. */
export async function withRequest<T>(
  context: CommandContext,
  options: PlaceValues,
  work: (request: ProvisionRequest) => Promise<T>,
): Promise<T> {
  const request = await provisionRequest(context, options);
  try {
    return await work(request);
  } finally {
    request.ports.close();
  }
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
