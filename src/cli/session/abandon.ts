import { command } from '../command.ts';
import { sessionJson } from '../describe-session.ts';
import { sessionFor } from '../open.ts';
import { required } from '../options.ts';

export default command({
  summary: 'Give a session up, and say why',
  description:
    'Records the files as they are, and gives the session up. Its record, files and workspace stay; "mic session restore"\nbrings it back.',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: { why: required('--why <text>', 'the reason, for those who come after') },
  examples: [
    ['mic session abandon sess-4k2m9x7qw0ab --why="The library has it already"', 'Give a session up'],
  ],
  async run(context, [id], { why }) {
    const { session, sessions } = await sessionFor(context, id);
    const abandoned = await sessions.abandon(session.id, context.configuration.agent.name, why);
    return {
      json: sessionJson(abandoned),
      text: `Abandoned ${session.id}. "mic session restore ${session.id}" brings it back.`,
    };
  },
});
