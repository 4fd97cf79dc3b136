import { command } from '../command.ts';
import { draftOptions } from '../git-session/draft-options.ts';
import { text } from '../options.ts';

export default command({
  summary: 'Draft a session that another one has led to',
  description:
    'Work that came up and is not in the plan becomes a session of its own in drafting/, which names its parent; the parent lists it\nin subsessions.md.',
  arguments: [{ name: '<title>', description: 'a few words that name the new session' }],
  options: {
    ...draftOptions,
    session: text('--session <slug>', 'the session that led to it (otherwise that of this workspace)'),
  },
  examples: [['mic session subsession "Drop the old parser" --criterion="nothing uses it"', 'For later']],
  async run(context, [title], { session, ...words }) {
    const [{ ideaOf }, { subsessionInHub }] = await Promise.all([
      import('../git-session/draft-idea.ts'),
      import('../git-session/draft.ts'),
    ]);
    return subsessionInHub(context, session, await ideaOf(context, title!, words));
  },
});
