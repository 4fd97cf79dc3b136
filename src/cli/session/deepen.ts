import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { text } from '../options.ts';

export default command({
  summary: 'Bring more history into the clone of a session',
  description:
    'A clone begins with the newest commit only. "git blame", "git log" and "git bisect" want more of them.',
  arguments: [{ name: '[commits]', description: 'how many more (otherwise all)' }],
  options: { session: text('--session <slug>', 'the session (otherwise that of this workspace)') },
  examples: [
    ['mic session deepen', 'All of the history'],
    ['mic session deepen 100', 'A hundred commits more'],
  ],
  async run(context, [commits], { session }) {
    if (commits !== undefined && !/^[1-9]\d{0,8}$/.test(commits))
      throw new CliError('cli/usage', `"${commits}" is no number of commits. Leave it out to get all.`);
    const { deepenInHub } = await import('../git-session/sync.ts');
    return deepenInHub(context, session, commits === undefined ? 'all' : Number(commits));
  },
});
