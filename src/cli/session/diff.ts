import { sessionPatch } from '../../session/patch.ts';
import { command } from '../command.ts';
import { meansHub, sessionFor } from '../open.ts';
import { flag } from '../options.ts';
import { refuseInGit } from '../other-ledger.ts';

export default command({
  summary: 'Show the changes of a session line by line',
  description:
    'Records the session as its files are now and prints what differs from its base as a patch that "git apply" takes.\nOf a git repository, what is not committed is included.',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: { recorded: flag('--recorded', 'as it was last recorded, without looking at the workspace') },
  examples: [
    ['mic session diff', 'In a workspace: what would land'],
    ['mic session diff sess-4k2m9x7qw0ab > change.patch', 'As a patch'],
  ],
  async run(context, [id], { recorded }) {
    if (await meansHub(context, { session: id })) {
      refuseInGit('--recorded', recorded, 'In its workspace, "git log -p" shows what is committed.');
      return (await import('../git-session/diff.ts')).diffInHub(context, id);
    }
    const { project, session, sessions } = await sessionFor(context, id);
    const current = recorded ? session : (await sessions.record(session)).session;
    const patch = await sessionPatch(project, current.base.tree, current.tree);
    return { json: { sessionId: session.id, patch: patch.toString('utf8') }, text: patch };
  },
});
