import { command } from '../command.ts';
import { conflictJson, conflictLine } from '../describe-session.ts';
import { meansHub, sessionFor } from '../open.ts';
import { flag } from '../options.ts';
import { refuseInStore } from '../other-ledger.ts';

export default command({
  summary: 'Merge the head into a session',
  description:
    'Merges what has landed since the session began into its files. Conflicts are written into the files with markers;\nedit them and land. Files that are not text keep the version of the session: say "mic session resolve PATH".\nIn a git repository: merges main into the session\'s branch, or rebases the branch on it; resolve and commit as git says.',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: { rebase: flag('--rebase', 'in a git repository: rebase instead of merging') },
  examples: [['mic session sync', 'In a workspace: bring it up to date with the head']],
  async run(context, [id], { rebase }) {
    if (await meansHub(context, { session: id })) {
      const { syncInHub } = await import('../git-session/sync.ts');
      return syncInHub(context, id, rebase ? 'rebase' : 'merge');
    }
    refuseInStore('--rebase', rebase, 'The head is merged into this one.');
    const { session, sessions } = await sessionFor(context, id);
    const synced = await sessions.sync(session);
    if (synced === undefined) {
      return {
        json: { sessionId: session.id, synced: false, conflicts: [] },
        text: 'Up to date with the head.',
      };
    }
    const { head, conflicts } = synced.planned;
    const json = {
      sessionId: session.id,
      synced: true,
      baseSequence: head.sequence,
      conflicts: conflicts.map(conflictJson),
    };
    if (conflicts.length === 0) return { json, text: `Merged the head (landing ${head.sequence}).` };
    const lines = [
      `Merged the head (landing ${head.sequence}), with conflicts. Resolve these, then land:`,
      ...conflicts.map(conflictLine),
    ];
    return { json, text: lines.join('\n'), exit: 'conflict' };
  },
});
