import { command } from '../command.ts';
import { text } from '../options.ts';

export default command({
  summary: 'Take a planned session back, to plan it anew',
  description:
    'Moves a session of a git repository that nobody has claimed from planned/ back to drafting/. With --from also where it is\nbeing drafted already.',
  arguments: [{ name: '<slug>', description: 'the session' }],
  options: { from: text('--from <file>', 'what its plan becomes; "-" reads it from standard input') },
  examples: [
    ['mic session revise 2025-10-14-auth-system', 'Nobody claims it while its plan is changed'],
    ['mic session revise 2025-10-14-auth-system --from=plan.md', 'With another plan'],
  ],
  async run(context, [slug], { from }) {
    return (await import('../git-session/draft.ts')).reviseInHub(context, slug, from);
  },
});
