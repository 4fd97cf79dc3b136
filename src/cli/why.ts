import { relative, resolve, sep } from 'node:path';
import { explain } from '../session/why.ts';
import { pathFromShown, textFromPath } from '../tree/path.ts';
import { command } from './command.ts';
import { meansHub, projectFor } from './open.ts';
import { text } from './options.ts';
import { agentName, moment } from './wording.ts';

export default command({
  summary: 'Show the session, goal and decisions behind a file or a line',
  description:
    'Finds the landing that last changed a file of the head, or that wrote one of its lines, and shows what it was for.\nIn a git repository: the commit, as "git blame" finds it, and the session that it names.',
  arguments: [
    {
      name: '<file[:line]>',
      description: 'a file as mic shows it, from the top of the project or where you are in a workspace',
    },
  ],
  options: {
    project: text(
      '--project <org/name>',
      'the project (otherwise that of the workspace, or $MICELIO_PROJECT)',
    ),
  },
  examples: [
    ['mic why src/login.ts:42', 'Who wrote line 42, and why?'],
    ['mic why src/login.ts --project=acme/web --json', 'What last changed the file'],
  ],
  async run(context, [place], { project: name }) {
    const [, file, line] = /^(.*?)(?::(\d+))?$/s.exec(place!)!;
    if (await meansHub(context, { project: name })) {
      const { whyInHub } = await import('./git-session/why.ts');
      return whyInHub(context, file!, line === undefined ? undefined : Number(line));
    }
    const project = await projectFor(context, name);
    const top = context.configuration.workspace?.directory;
    const path =
      top === undefined ? file! : relative(top, resolve(context.directory, file!)).split(sep).join('/');
    const {
      landing,
      session,
      record,
      line: found,
      path: then,
    } = await explain(project, pathFromShown(path), line === undefined ? undefined : Number(line));
    const lines = [
      `landing ${landing.sequence}  ${moment(landing.atMs)}  ${agentName(landing.agent)}`,
      `    ${landing.message.split('\n').join('\n    ')}`,
    ];
    if (found !== undefined) lines.push('', `${textFromPath(then)}:${found.number}: ${found.text}`);
    if (landing.origin.kind === 'import') {
      const { source, commit } = landing.origin;
      const more = commit === null ? '.' : `, commit ${commit}: ask "git blame" there.`;
      lines.push('', `Imported from ${source}${more}`);
    }
    if (session !== undefined)
      lines.push('', `Session: ${session.id}  ${session.title}`, `Goal:    ${session.goal}`);
    for (const { what, why, alternatives } of record?.decisions ?? []) {
      lines.push(
        '',
        `Decided: ${what}`,
        `Because: ${why}`,
        ...alternatives.map((alternative) => `Not:     ${alternative}`),
      );
    }
    if ((record?.conversation.length ?? 0) > 0)
      lines.push(
        '',
        'Conversation:',
        ...record!.conversation.map(({ author, text }) => `  ${author}: ${text}`),
      );
    return {
      json: {
        landing: {
          sequence: landing.sequence,
          message: landing.message,
          atMs: landing.atMs,
          agent: landing.agent,
          origin: landing.origin,
        },
        path: textFromPath(then),
        line: found ?? null,
        session:
          session === undefined ? null : { sessionId: session.id, title: session.title, goal: session.goal },
        decisions: record?.decisions ?? [],
        conversation: record?.conversation ?? [],
      },
      text: lines.join('\n'),
    };
  },
});
