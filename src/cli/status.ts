import { command } from './command.ts';
import { conflictLine, sessionJson, stateWord } from './describe-session.ts';
import { meansHub, projectFor, sessionFor } from './open.ts';
import { text } from './options.ts';
import { statusText } from './session-status.ts';
import { columns, counted, headline } from './wording.ts';

export default command({
  summary: 'Show where you are, and the sessions under way',
  description:
    'Inside a workspace: how its session stands. And the sessions that are under way in the project. In a git\nrepository also which files several of them change, or name in their plans.',
  options: {
    project: text(
      '--project <org/name>',
      'the project (otherwise that of the workspace, or $MICELIO_PROJECT)',
    ),
  },
  examples: [['mic status', 'Where am I, and who else is at work?']],
  async run(context, _args, { project: name }) {
    if (await meansHub(context, { project: name }))
      return (await import('./git-session/status.ts')).overviewOfHub(context);
    const inside = context.configuration.workspace !== undefined && name === undefined;
    const here = inside ? await sessionFor(context, undefined) : undefined;
    const status = here && (await here.sessions.status(here.session));
    const project = here?.project ?? (await projectFor(context, name));
    const { head } = await project.ledger.readHead();
    const all = await Array.fromAsync(project.ledger.listSessions());
    const open = all.filter(
      ({ state, removed }) => removed === null && (state === 'active' || state === 'conflicted'),
    );
    const rows = open.map((session) => [
      session.id,
      stateWord(session),
      session.agent.name,
      `${head.sequence - session.base.sequence} behind`,
      headline(session.title),
    ]);
    const lines = status === undefined ? [] : [statusText(status, conflictLine), ''];
    lines.push(`${project.name}  landing ${head.sequence}  ${counted(open.length, 'session')} under way`);
    if (rows.length > 0) lines.push(columns(rows));
    return {
      json: {
        project: project.name,
        sequence: head.sequence,
        session:
          status === undefined
            ? null
            : { ...sessionJson(status.session), changes: status.changes, behind: status.behind },
        sessions: open.map(sessionJson),
      },
      text: lines.join('\n'),
    };
  },
});
