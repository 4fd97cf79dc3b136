import { command } from '../command.ts';
import { flag, text } from '../options.ts';

export default command({
  summary: 'Complete a session of a git repository: its changes come to main',
  description:
    'Keeps the work, checks criteria, commits and the project\'s own "verify" command, and puts everything on main as one commit, with\nthe session in completed/. All of that happens, or nothing: a conflict or a failed check leaves main as it was.',
  arguments: [{ name: '[slug]', description: 'the session (otherwise that of this workspace)' }],
  options: {
    message: text('-m, --message <text>', 'what the change is (otherwise the title of the plan)'),
    unmet: text('--unmet <why>', 'complete it though criteria are not met, and say why'),
    keepWorkspace: flag('--keep-workspace', 'leave the workspace where it is'),
    push: flag('--push', 'push main to its remote afterwards'),
  },
  examples: [
    ['mic session complete', 'In a workspace, when all criteria are met'],
    ['mic session complete 2025-10-14-auth-system --unmet="measured next week"', 'With what is left open'],
  ],
  async run(context, [slug], { message, unmet, keepWorkspace, push }) {
    const { completeInHub } = await import('../git-session/land.ts');
    return completeInHub(context, slug, {
      ...{ message, unmet, push },
      workspace: keepWorkspace ? 'keep' : 'remove',
    });
  },
});
