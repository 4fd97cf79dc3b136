import { command } from '../command.ts';
import { draftOptions } from '../git-session/draft-options.ts';

export default command({
  summary: 'Draft a session of a git repository',
  description:
    'Makes a folder with a plan, SESSION.md, in _AGENTS/sessions/drafting/ on the main branch. Edit it there, commit it or not, and\nsay "mic session ready" when agents may claim it.',
  arguments: [{ name: '<title>', description: 'a few words that name the session' }],
  options: draftOptions,
  examples: [
    [
      'mic session draft "Faster start" --criterion="mic starts in 50 ms" --capability=ts',
      'With a criterion, for agents that know TypeScript',
    ],
    ['mic session draft "Faster start" --from=plan.md', 'With a plan that is written already'],
  ],
  async run(context, [title], options) {
    const [{ ideaOf }, { draftInHub }] = await Promise.all([
      import('../git-session/draft-idea.ts'),
      import('../git-session/draft.ts'),
    ]);
    return draftInHub(context, await ideaOf(context, title!, options));
  },
});
