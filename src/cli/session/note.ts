import { addMessage } from '../../session/record.ts';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { meansHub, sessionFor } from '../open.ts';
import { text } from '../options.ts';

export default command({
  summary: 'Add to the conversation of a session',
  description: 'Keeps what was said with the session: of a git repository, in its worklog.',
  arguments: [{ name: '<text>', description: 'what to record; "-" reads it from standard input' }],
  options: {
    session: text('--session <id>', 'the session (otherwise that of this workspace)'),
    author: text('--author <name>', 'who says it (otherwise the agent)'),
  },
  examples: [
    ['mic session note "The token must expire after an hour, says the customer"', 'Record what was said'],
    ['generate-summary | mic session note - --author=reviewer', 'Record the output of a program'],
  ],
  async run(context, [words], { session: id, author }) {
    if (await meansHub(context, { session: id }))
      return (await import('../git-session/record.ts')).logInHub(context, id, words!, author);
    const { project, session } = await sessionFor(context, id);
    const said = words === '-' ? await context.readInput() : words!;
    if (said.trim() === '') throw new CliError('cli/usage', 'There is nothing to record: the text is empty.');
    const { conversation } = await addMessage(
      project,
      session.id,
      author ?? context.configuration.agent.name,
      said,
    );
    return { json: { sessionId: session.id, message: conversation.at(-1) ?? null }, text: '' };
  },
});
