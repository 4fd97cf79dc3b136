import { sessionStates } from '../../session/life-cycle.ts';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import { sessionJson, stateWord } from '../describe-session.ts';
import { ledgerFor, meansHub } from '../open.ts';
import { flag, text } from '../options.ts';
import { columns, headline, moment } from '../wording.ts';

export default command({
  summary: 'List the sessions of a project',
  description:
    'Lists the sessions of a project, those that changed last first. Without options, those that are not over. In a git repository, --removed lists\nthose with work that is kept and no workspace here.',
  options: {
    project: text(
      '--project <org/name>',
      'the project (otherwise that of the workspace, or $MICELIO_PROJECT)',
    ),
    state: text('--state <state>', `only sessions in this state: ${sessionStates.join(', ')}`),
    all: flag('--all', 'completed and abandoned ones too'),
    removed: flag('--removed', 'only removed ones, which "mic session restore" brings back'),
  },
  examples: [
    ['mic session list --project=acme/web', 'What is being worked on'],
    ['mic session list --project=acme/web --all', 'Everything that was ever started and not removed'],
    ['mic session list --removed', 'What can still be restored'],
  ],
  async run(context, _args, { project, state, all, removed }) {
    const known = sessionStates.find((word) => word === state);
    if (state !== undefined && known === undefined) {
      throw new CliError(
        'cli/usage',
        `"${state}" is no state of a session. They are ${sessionStates.join(', ')}.`,
      );
    }
    if (await meansHub(context, { project }))
      return (await import('../git-session/list.ts')).listInHub(context, { state: known, all, removed });
    const { ledger } = await ledgerFor(context, project);
    const sessions = await Array.fromAsync(ledger.listSessions());
    const shown = sessions
      .filter((session) => (session.removed !== null) === removed)
      .filter((session) => state === undefined || session.state === state)
      .filter(
        (session) =>
          all || removed || state !== undefined || !['completed', 'abandoned'].includes(session.state),
      )
      .sort((a, b) => b.updatedMs - a.updatedMs);
    const rows = shown.map((session) => [
      session.id,
      stateWord(session),
      session.agent.name,
      moment(session.updatedMs),
      headline(session.title),
    ]);
    const empty = removed ? 'Nothing was removed.' : 'No sessions. "mic session start TITLE" starts one.';
    return { json: shown.map(sessionJson), text: rows.length === 0 ? empty : columns(rows) };
  },
});
