import { command } from '../command.ts';
import { text } from '../options.ts';

export default command({
  summary: 'Write down what a session of a git repository has learned',
  description:
    'Adds to _AGENTS/knowledge/sessions/SLUG/learnings.md, and commits it in the workspace. When the session is completed, a session that\nmerges it into the knowledge of all is planned.',
  arguments: [{ name: '<text>', description: 'what was learned; "-" reads it from standard input' }],
  options: { session: text('--session <slug>', 'the session (otherwise that of this workspace)') },
  examples: [['mic session learn "Tests need the clock to be mocked"', 'For those who come after']],
  async run(context, [words], { session }) {
    return (await import('../git-session/record.ts')).learnInHub(context, session, words!);
  },
});
