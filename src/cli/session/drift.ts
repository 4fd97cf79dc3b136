import { command } from '../command.ts';

export default command({
  summary: 'Compare the plan of a session of a git repository with what was done',
  description:
    'Criteria that are met, open or were added; files that were touched and not planned, and the other way around; subsessions.',
  arguments: [{ name: '[slug]', description: 'the session (otherwise that of this workspace)' }],
  options: {},
  examples: [['mic session drift', 'Is it still what was planned?']],
  async run(context, [slug]) {
    return (await import('../git-session/drift.ts')).driftInHub(context, slug);
  },
});
