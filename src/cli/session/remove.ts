import { command } from '../command.ts';
import { leftToDoNotes, sessionJson } from '../describe-session.ts';
import { meansHub, sessionFor } from '../open.ts';
import { flag, number } from '../options.ts';
import { refuseInGit, refuseInStore } from '../other-ledger.ts';
import { moment } from '../wording.ts';

export default command({
  summary: 'Take a session out of sight, and keep what it holds for a while',
  description:
    'Records the files of the session and puts its workspace aside as it is, ignored files and repositories inside of it\nincluded. "mic session restore" brings it all back; when the time is over, "mic store gc" deletes it.\nIn a git repository only the workspace goes: what it held is kept in the hub, but for dependencies and build output that\ngit ignores, until "mic session forget".',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: {
    dropIgnored: flag(
      '--drop-ignored',
      'of a git repository: delete what git ignores there, and keep none of it',
    ),
    keepDays: number('--keep-days <days>', 'how long it can be restored (otherwise as configured, or 30)'),
  },
  examples: [['mic session remove sess-4k2m9x7qw0ab', 'Clean up; a month to change your mind']],
  async run(context, [id], { keepDays, dropIgnored }) {
    if (await meansHub(context, { session: id })) {
      refuseInGit('--keep-days', keepDays, 'What it held is kept until "mic session forget" deletes it.');
      const { removeInHub } = await import('../git-session/leave.ts');
      return removeInHub(context, id, dropIgnored ? 'drop' : 'keep');
    }
    refuseInStore(
      '--drop-ignored',
      dropIgnored,
      'Of this one, all is put aside, and goes when its time is over.',
    );
    const { session, sessions } = await sessionFor(context, id);
    const { configuration } = context;
    const removed = await sessions.remove(
      session.id,
      configuration.agent.name,
      keepDays ?? configuration.keepDays,
    );
    const until = moment(removed.session.removed!.keepUntilMs);
    return {
      json: sessionJson(removed.session),
      notes: leftToDoNotes(removed.leftToDo),
      text: `Removed ${session.id}. Until ${until}, "mic session restore ${session.id}" brings it back.`,
    };
  },
});
