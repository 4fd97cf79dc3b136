import { command } from './command.ts';
import { landAnswer } from './landing.ts';
import { meansHub, sessionFor } from './open.ts';
import { text } from './options.ts';

export default command({
  summary: 'Land the session of this workspace',
  description: 'The same as "mic session land" inside the workspace of the session.',
  options: { message: text('-m, --message <text>', 'what the change is (otherwise the goal)') },
  examples: [['mic land -m "Add JWT authentication"', 'Land what was done in this workspace']],
  async run(context, _args, { message }) {
    if (await meansHub(context, {}))
      return (await import('./git-session/land.ts')).landInHub(context, undefined, message);
    const { session, sessions } = await sessionFor(context, undefined);
    return landAnswer(await sessions.land(session, message ?? session.goal));
  },
});
