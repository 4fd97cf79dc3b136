import { command } from '../command.ts';
import { landAnswer } from '../landing.ts';
import { meansHub, sessionFor } from '../open.ts';
import { text } from '../options.ts';

export default command({
  summary: "Merge a session's changes into the head",
  description:
    'Records the session as its files are now and merges its changes into the head of the project: all of them or none,\nexactly once however often it is called. Of a git repository: puts the commits\nso far on main as one, and the session goes on; "mic session complete" ends it.',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: { message: text('-m, --message <text>', 'what the change is (otherwise the goal)') },
  examples: [
    ['mic session land sess-4k2m9x7qw0ab --message="Add JWT authentication"', 'Land a session from anywhere'],
    ['mic session land --json | jq -r .newTree', 'The tree of the new head'],
  ],
  async run(context, [id], { message }) {
    if (await meansHub(context, { session: id }))
      return (await import('../git-session/land.ts')).landInHub(context, id, message);
    const { session, sessions } = await sessionFor(context, id);
    return landAnswer(await sessions.land(session, message ?? session.goal));
  },
});
