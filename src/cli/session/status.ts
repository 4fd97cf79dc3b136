import { textFromPath } from '../../tree/path.ts';
import { command } from '../command.ts';
import { conflictLine, sessionJson } from '../describe-session.ts';
import { meansHub, sessionFor } from '../open.ts';
import { statusText } from '../session-status.ts';

export default command({
  summary: 'Show what a session has changed and what stands in its way',
  description:
    'Records the session as its files are now, and shows its changes since its base, how far the head is ahead, and\nconflicts that are open.',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: {},
  examples: [
    ['mic session status', 'In a workspace: what would land'],
    [
      'mic session status sess-4k2m9x7qw0ab --json | jq -r ".changes[].path"',
      'The changed files, a line each',
    ],
  ],
  async run(context, [id]) {
    if (await meansHub(context, { session: id }))
      return (await import('../git-session/status.ts')).statusInHub(context, id);
    const { session, sessions } = await sessionFor(context, id);
    const status = await sessions.status(session);
    return {
      json: {
        ...sessionJson(status.session),
        changes: status.changes,
        behind: status.behind,
        conflicts: status.conflicts.map(({ path, kind, left }) => ({
          path: textFromPath(path),
          kind,
          synced: left !== null,
        })),
        leftBehind: status.leftBehind.map(({ path, reason }) => ({ path: textFromPath(path), reason })),
      },
      text: statusText(status, conflictLine),
    };
  },
});
