import { command } from '../command.ts';
import { leftToDoNotes, sessionJson } from '../describe-session.ts';
import { meansHub, sessionFor } from '../open.ts';
import { required } from '../options.ts';

export default command({
  summary: 'Give a session up, and say why',
  description:
    'Records the files as they are, and gives the session up. Its record, files and workspace stay, though what is\nmounted is unmounted; "mic session restore" brings it back.',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: { why: required('--why <text>', 'the reason, for those who come after') },
  examples: [
    ['mic session abandon sess-4k2m9x7qw0ab --why="The library has it already"', 'Give a session up'],
  ],
  async run(context, [id], { why }) {
    if (await meansHub(context, { session: id }))
      return (await import('../git-session/leave.ts')).abandonInHub(context, id, why);
    const { session, sessions } = await sessionFor(context, id);
    const { session: abandoned, leftToDo } = await sessions.abandon(
      session.id,
      context.configuration.agent.name,
      why,
    );
    return {
      json: sessionJson(abandoned),
      notes: leftToDoNotes(leftToDo),
      text: `Abandoned ${session.id}. "mic session restore ${session.id}" brings it back.`,
    };
  },
});
