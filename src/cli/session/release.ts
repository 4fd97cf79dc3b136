import { command } from '../command.ts';
import { flag } from '../options.ts';

export default command({
  summary: 'Give a session of a git repository back to be claimed',
  description:
    'Moves it from active/ to planned/. Its work is kept, and whoever claims it next goes on with it; the workspace is removed.\nWhere a remote decides, its commits and what is not committed go there, for a claim on any machine. What git ignores stays\non this one.',
  arguments: [{ name: '[slug]', description: 'the session (otherwise that of this workspace)' }],
  options: { keepWorkspace: flag('--keep-workspace', 'leave the workspace where it is') },
  examples: [['mic session release', 'Somebody else shall do it']],
  async run(context, [slug], { keepWorkspace }) {
    const { releaseInHub } = await import('../git-session/claim.ts');
    return releaseInHub(context, slug, keepWorkspace ? 'keep' : 'remove');
  },
});
