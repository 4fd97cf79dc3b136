import { resolve } from 'node:path';
import { command } from '../command.ts';
import { sessionFor } from '../open.ts';
import { text } from '../options.ts';

export default command({
  summary: "Print the directory of a session's workspace, making it where it is missing",
  description:
    "Prints the directory in which the session's files can be edited. Where this machine has none, it is made, with the\nfiles as they were last recorded.",
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: { directory: text('--directory <path>', 'where to make the workspace if there is none') },
  examples: [['cd "$(mic session path sess-4k2m9x7qw0ab)"', 'Go to where a session is edited']],
  async run(context, [id], { directory }) {
    const { session, sessions } = await sessionFor(context, id);
    const { workspace } = await sessions.place(
      session.id,
      directory === undefined ? undefined : resolve(context.directory, directory),
      context.progress.update,
    );
    return {
      json: { sessionId: session.id, path: workspace!.directory, kind: workspace!.kind },
      text: workspace!.directory,
    };
  },
});
