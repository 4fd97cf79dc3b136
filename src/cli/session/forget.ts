import { command } from '../command.ts';
import { flag, number } from '../options.ts';

export default command({
  summary: 'Delete what is kept of sessions of a git repository that are over',
  description:
    'Deletes the commits and files that the hub keeps of a session, or of all that were completed or abandoned long ago: what is\nbelow refs/sessions/SLUG/, and what git ignored and was set aside. What has landed stays on main, and so does the\nrecord. Tells first what would be lost, and deletes it only with --yes. Of a session that somebody works in, nothing goes.',
  arguments: [{ name: '[slug]', description: 'the session (otherwise all that are old enough)' }],
  options: {
    olderThan: number(
      '--older-than <days>',
      'of sessions that nothing has happened to for so long (otherwise as configured, or 30)',
    ),
    yes: flag('--yes', 'delete it; without this it is only told'),
  },
  examples: [
    ['mic session forget', 'What is kept for more than a month, and of what?'],
    ['mic session forget --older-than=90 --yes', 'From time to time'],
    ['mic session forget 2025-10-14-auth-system --yes', 'There was something in it that nobody should have'],
  ],
  async run(context, [slug], { olderThan, yes }) {
    const { forgetInHub } = await import('../git-session/forget.ts');
    return forgetInHub(context, { slug, olderThan, mode: yes ? 'delete' : 'tell' });
  },
});
