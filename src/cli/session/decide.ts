import { addDecision } from '../../session/record.ts';
import { command } from '../command.ts';
import { meansHub, sessionFor } from '../open.ts';
import { list, required, text } from '../options.ts';

export default command({
  summary: 'Record a decision and its reason',
  description: 'Keeps it with the session: of a git repository, in its worklog.',
  arguments: [{ name: '<what>', description: 'what was decided' }],
  options: {
    why: required('--why <text>', 'the reason'),
    instead: list('--instead <text>', 'an alternative that was not taken; may be given several times'),
    session: text('--session <id>', 'the session (otherwise that of this workspace)'),
    author: text('--author <name>', 'who decided (otherwise the agent)'),
  },
  examples: [
    [
      'mic session decide "JWT in a cookie" --why="no script can read it" --instead="local storage"',
      'Record a decision',
    ],
  ],
  async run(context, [what], { why, instead, session: id, author }) {
    if (await meansHub(context, { session: id })) {
      const { decisionText, logInHub } = await import('../git-session/record.ts');
      return logInHub(context, id, decisionText({ what: what!, why, instead }), author);
    }
    const { project, session } = await sessionFor(context, id);
    const decided = { what: what!, why, alternatives: instead };
    const { decisions } = await addDecision(
      project,
      session.id,
      author ?? context.configuration.agent.name,
      decided,
    );
    return { json: { sessionId: session.id, decision: decisions.at(-1) ?? null }, text: '' };
  },
});
