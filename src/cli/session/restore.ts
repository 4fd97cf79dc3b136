import { command } from '../command.ts';
import { placedAnswer } from '../describe-session.ts';
import { gitWorkspaceKinds } from '../git-session/workspace-options.ts';
import { meansHub, sessionFor } from '../open.ts';
import { number, optionalChoice } from '../options.ts';
import { refuseInGit, refuseInStore } from '../other-ledger.ts';

export default command({
  summary: 'Bring back a removed or abandoned session, or a checkpoint',
  description:
    "Brings back a session that was removed or abandoned, with its workspace. With --checkpoint, makes that state the\nsession's files again; what they were before is recorded first.",
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: {
    checkpoint: number(
      '--checkpoint <number>',
      'the checkpoint to go back to; "mic session show" lists them',
    ),
    workspace: optionalChoice(
      '--workspace <kind>',
      'of a git repository: what to make (otherwise as it was, or clone)',
      gitWorkspaceKinds,
    ),
  },
  examples: [
    ['mic session restore sess-4k2m9x7qw0ab', 'Bring back what was removed'],
    ['mic session restore --checkpoint=3', 'In a workspace: go back to an earlier state'],
  ],
  async run(context, [id], { checkpoint, workspace }) {
    if (await meansHub(context, { session: id })) {
      const instead =
        'Its commits are its checkpoints: in its workspace, "git log" lists them, and git restore --source=COMMIT -- . brings the files of one back.';
      refuseInGit('--checkpoint', checkpoint, instead);
      return (await import('../git-session/leave.ts')).restoreInHub(context, id, { workspace });
    }
    refuseInStore('--workspace', workspace, 'This one gets the workspace that it had.');
    const { session, sessions } = await sessionFor(context, id);
    const placed = await sessions.restore(
      session.id,
      context.configuration.agent.name,
      checkpoint,
      context.progress.update,
    );
    return placedAnswer(placed);
  },
});
