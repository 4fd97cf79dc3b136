import { command } from '../command.ts';
import { list, optionalChoice, text } from '../options.ts';

export default command({
  summary: 'Show or change the active plan of a session of a git repository',
  description:
    'Without a text, --done or --open: shows active-plan.md, with a number for each line. SESSION.md stays as it was claimed; what\ncomes up is written here: tasks, issues, next steps, and criteria that were added.',
  arguments: [{ name: '[text]', description: 'a line to add' }],
  options: {
    part: optionalChoice(
      '--part <part>',
      'which part of it (otherwise criteria for --done and --open, and tasks for a text)',
      ['criteria', 'tasks', 'issues', 'next'],
    ),
    done: list('--done <numbers>', 'check these lines, such as 1,3; can be given several times'),
    open: list('--open <numbers>', 'clear these lines'),
    session: text('--session <slug>', 'the session (otherwise that of this workspace)'),
  },
  examples: [
    ['mic session plan', 'What is left to do?'],
    ['mic session plan --done=1', 'The first acceptance criterion is met'],
    ['mic session plan "Ask about the old format" --part=next', 'Note a next step'],
  ],
  async run(context, [words], { part, done, open, session }) {
    const { activePlanInHub } = await import('../git-session/active-plan.ts');
    return activePlanInHub(context, session, { words, part, done, open });
  },
});
