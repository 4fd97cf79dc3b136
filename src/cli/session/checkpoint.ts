import { command } from '../command.ts';
import { meansHub, sessionFor } from '../open.ts';
import { text } from '../options.ts';
import { doneWithGit } from '../other-ledger.ts';

export default command({
  summary: 'Record the files of a session as they are now',
  description:
    'Records the files, so that "mic session restore --checkpoint=N" brings them back, and other machines see them.',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: { note: text('--note <text>', 'what is special about this state') },
  examples: [['mic session checkpoint --note="tests pass"', 'Record a good state']],
  async run(context, [id], { note }) {
    if (await meansHub(context, { session: id }))
      throw doneWithGit(
        'A session of a git repository has no checkpoints, but commits.',
        'in its workspace, git add -A && git commit -m "WHAT IT IS". What is not committed is kept as well, when the workspace goes.',
      );
    const { session, sessions } = await sessionFor(context, id);
    const recorded = (await sessions.checkpoint(session, note ?? '')).session;
    const last = recorded.checkpoints.at(-1);
    const fresh = last !== undefined && last.number !== session.checkpoints.at(-1)?.number;
    const word =
      last === undefined
        ? 'Nothing has changed since the start.'
        : `Checkpoint ${last.number}${fresh ? '' : ' (nothing has changed since)'}`;
    return {
      json: { sessionId: session.id, checkpoint: last ?? null, tree: `sha256:${recorded.tree}` },
      text: word,
    };
  },
});
