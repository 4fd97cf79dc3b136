import { command } from '../command.ts';

export default command({
  summary: 'Say that you are still at work on a session of a git repository',
  description:
    'A claim that is not renewed for its time (30 minutes, unless the project says otherwise) may be taken over. Log, plan, learn and\nland renew it as well. Ends with 9 where somebody else has the session by now.',
  arguments: [{ name: '[slug]', description: 'the session (otherwise that of this workspace)' }],
  options: {},
  examples: [['mic session renew', 'Before a long build']],
  async run(context, [slug]) {
    return (await import('../git-session/claim.ts')).renewInHub(context, slug);
  },
});
