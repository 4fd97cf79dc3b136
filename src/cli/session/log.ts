import { command } from '../command.ts';
import { text } from '../options.ts';

export default command({
  summary: 'Add to the worklog of a session of a git repository',
  description: 'Adds an entry with the time and the agent to worklog.md on main, and renews the claim.',
  arguments: [{ name: '<text>', description: 'what was done; "-" reads it from standard input' }],
  options: { session: text('--session <slug>', 'the session (otherwise that of this workspace)') },
  examples: [['mic session log "The parser reads all files of the corpus"', 'Note progress']],
  async run(context, [words], { session }) {
    return (await import('../git-session/record.ts')).logInHub(context, session, words!);
  },
});
