import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { gitWorkspaceKinds } from '../git-session/workspace-options.ts';
import { flag, optionalChoice, text } from '../options.ts';
import { printedAs, printPathOption } from '../print-path.ts';

export default command({
  summary: 'Claim a planned session of a git repository',
  description:
    'Takes a session from planned/ to active/: of several who try, one gets it, and the others end with 9. Makes a workspace, with\nwhat was kept of the session, and a .session-env to source. In the workspace of a\nsession that is yours, or a shell that has sourced its .session-env, goes on with it; elsewhere it is refused, since another\nagent here may be at work on it. Where --any finds nothing, ends with 10.',
  arguments: [{ name: '[slug]', description: 'the session' }],
  options: {
    any: flag(
      '--any',
      'a planned session that needs no other capabilities: of the oldest day, within a day by name, or one of the next where others take that',
    ),
    capability: text('--capability <list>', 'what this agent can do, such as ts,db'),
    workspace: optionalChoice(
      '--workspace <kind>',
      'where its files can be edited (otherwise as it was, or clone)',
      [...gitWorkspaceKinds, 'none'],
    ),
    directory: text('--directory <path>', 'where to make the workspace (otherwise .sessions/SLUG)'),
    printPath: printPathOption,
    takeOver: flag(
      '--take-over',
      'also from an agent whose claim has lapsed: it was not renewed for its time since this machine first saw that, or for 10 minutes more by its own clock',
    ),
    now: flag(
      '--now',
      'with --take-over: though the claim has not lapsed, since you know that nobody works on it',
    ),
  },
  examples: [
    ['mic session claim 2025-10-14-auth-system', 'Claim it, and get a clone'],
    ['mic session claim --any --capability=ts,db', 'What is there to do?'],
    [
      'dir=$(mic session claim --any --print-path) && cd "$dir" && . ./.session-env',
      'Take something, and go there',
    ],
    ['mic session claim 2025-10-14-auth-system --take-over', 'Its agent is gone'],
  ],
  async run(context, [slug], { any, capability, workspace, directory, printPath, takeOver, now }) {
    if ((slug === undefined) !== any)
      throw new CliError('cli/usage', 'Which session? Name one, or say --any, and not both.');
    if (now && !takeOver) throw new CliError('cli/usage', '--now is said together with --take-over.');
    if (any && takeOver) throw new CliError('cli/usage', 'Name the session that is to be taken over.');
    const print = printedAs({ printPath, workspace });
    const mode = takeOver ? (now ? 'take over now' : 'take over when lapsed') : 'claim';
    const { claimInHub } = await import('../git-session/claim.ts');
    return claimInHub(context, { slug, mode, capability, print }, { workspace, directory });
  },
});
