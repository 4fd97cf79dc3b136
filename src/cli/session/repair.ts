import { command } from '../command.ts';
import { text } from '../options.ts';

export default command({
  summary: 'Make workspaces and their git repository find each other again',
  description:
    'For when either was moved or renamed. In a workspace: that one. In the repository: all workspaces that it has.',
  options: { hub: text('--hub <path>', 'where the repository is now (otherwise above the workspace)') },
  examples: [
    ['mic session repair', 'In the repository, after it was moved'],
    ['mic session repair --hub=~/projects/web', 'In a workspace, whose repository is there now'],
  ],
  async run(context, _args, { hub }) {
    return (await import('../git-session/repair.ts')).repairInHub(context, hub);
  },
});
