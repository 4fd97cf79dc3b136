import { resolve } from 'node:path';
import { workspaceKinds } from '../../session/workspace-port.ts';
import { command } from '../command.ts';
import { placedAnswer } from '../describe-session.ts';
import { meansHub, sessionFor } from '../open.ts';
import { choice, text } from '../options.ts';
import { doneWithGit } from '../other-ledger.ts';

export default command({
  summary: 'Start a session where another one stands',
  description:
    'A new session with the same base, files (as they are now), goal and record. The two go their own ways from here.',
  arguments: [{ name: '[id]', description: 'the session to fork (otherwise that of this workspace)' }],
  options: {
    title: text('--title <text>', 'a name for the fork (otherwise the same)'),
    workspace: choice(
      '--workspace <kind>',
      'where its files can be edited',
      [...workspaceKinds, 'none'],
      'checkout',
    ),
    directory: text('--directory <path>', 'where to make the workspace'),
  },
  examples: [['mic session fork sess-4k2m9x7qw0ab --title="the same with cookies"', 'Try another way']],
  async run(context, [id], { title, workspace, directory }) {
    if (await meansHub(context, { session: id }))
      throw doneWithGit(
        'A session of a git repository is not forked.',
        'in its workspace, git switch -c NAME tries another way, and git switch session/SLUG goes back to the branch that lands. A session of its own begins at main: mic session start TITLE. In its workspace, mic session diff SLUG | git apply takes what the other one has changed.',
      );
    const { session, sessions } = await sessionFor(context, id);
    const place =
      workspace === 'none'
        ? 'none'
        : {
            kind: workspace,
            directory: directory === undefined ? undefined : resolve(context.directory, directory),
          };
    const placed = await sessions.fork(
      session.id,
      context.configuration.agent,
      title,
      place,
      context.progress.update,
    );
    return placedAnswer(placed);
  },
});
