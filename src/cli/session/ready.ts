import { command } from '../command.ts';

export default command({
  summary: 'Say that a drafted session may be claimed',
  description:
    'Moves a session of a git repository from drafting/ to planned/, with what was edited in the checkout of main and not\ncommitted. Warns of what its plan lacks.',
  arguments: [{ name: '<slug>', description: 'the session' }],
  options: {},
  examples: [['mic session ready 2025-10-14-auth-system', 'Let an agent claim it']],
  async run(context, [slug]) {
    return (await import('../git-session/draft.ts')).readyInHub(context, slug);
  },
});
