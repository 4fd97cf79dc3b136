import { resolve } from 'node:path';
import { workspaceKinds } from '../../session/workspace-port.ts';
import { command } from '../command.ts';
import { mountNotes, notMounted, workspaceJson } from '../describe-workspace.ts';
import { gitWorkspaceKinds, storeWorkspace } from '../git-session/workspace-options.ts';
import { meansHub, sessionFor } from '../open.ts';
import { flag, optionalChoice, text } from '../options.ts';
import { refuseInGit } from '../other-ledger.ts';

export default command({
  summary: "Print the directory of a session's workspace, making it where it is missing",
  description:
    "Prints the directory in which the session's files can be edited. Where this machine has none, it is made, with the\nfiles as they were last recorded; what is not mounted is mounted. Where that is not possible, prints no directory, but\nthe command that mounts it, and ends with 8. One machine at a time writes a mounted session: where another one does, ends with 4.",
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: {
    workspace: optionalChoice(
      '--workspace <kind>',
      'what to make if there is none (otherwise as it was, or checkout; of a git repository as it was, or clone)',
      [...workspaceKinds, ...gitWorkspaceKinds],
    ),
    directory: text('--directory <path>', 'where to make the workspace if there is none'),
    takeOver: flag(
      '--take-over',
      'write the mounted session here from now on, though another machine does; what that has not recorded stays there, and can be merged later',
    ),
  },
  examples: [
    // With cd "$(…)" a shell would stay where it is and go on where the command fails.
    ['dir=$(mic session path sess-4k2m9x7qw0ab) && cd "$dir"', 'Go to where a session is edited'],
    ['mic session path sess-4k2m9x7qw0ab --take-over', 'Go on with a mounted session whose machine is gone'],
  ],
  async run(context, [id], { workspace, directory, takeOver }) {
    if (await meansHub(context, { session: id })) {
      refuseInGit(
        '--take-over',
        takeOver,
        `What is taken over is its claim: mic session claim SLUG --take-over.`,
      );
      return (await import('../git-session/path.ts')).pathInHub(context, id, { workspace, directory });
    }
    const kind = storeWorkspace(workspace);
    const { session, sessions } = await sessionFor(context, id);
    const choice = {
      kind,
      lease: takeOver ? ('take-over' as const) : ('when-possible' as const),
      directory: directory === undefined ? undefined : resolve(context.directory, directory),
    };
    const placed = await sessions.place(session, choice, context.progress.update);
    const { directory: path, kind: made } = placed.workspace!;
    const notes = mountNotes(placed);
    return {
      json: { sessionId: session.id, path, kind: made, workspace: workspaceJson(placed) },
      text: notMounted(placed) ? '' : path,
      notes,
      exit: notMounted(placed) ? 'notMounted' : 'ok',
    };
  },
});
