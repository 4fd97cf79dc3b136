import { readRecord } from '../../session/record.ts';
import { command } from '../command.ts';
import { sessionJson, stateWord } from '../describe-session.ts';
import { meansHub, sessionFor } from '../open.ts';
import { agentName, moment } from '../wording.ts';

export default command({
  summary: 'Show a session with its record',
  description: 'Shows the goal, state, conversation, decisions, worklog and checkpoints of a session.',
  arguments: [{ name: '[id]', description: 'the session (otherwise that of this workspace)' }],
  options: {},
  examples: [
    ['mic session show sess-4k2m9x7qw0ab', 'Everything that is known of a session'],
    ['mic session show --json | jq .decisions', 'The decisions of the session of this workspace'],
  ],
  async run(context, [id]) {
    if (await meansHub(context, { session: id }))
      return (await import('../git-session/show.ts')).showInHub(context, id);
    const { project, session } = await sessionFor(context, id);
    const record = await readRecord(project.blobs, session);
    const lines = [
      `Session ID: ${session.id}`,
      `Project:    ${session.project}`,
      `State:      ${stateWord(session)}`,
      `Title:      ${session.title}`,
      `Goal:       ${session.goal}`,
      `Agent:      ${agentName(session.agent)}`,
      `Started:    ${moment(session.createdMs)}`,
      `Base Tree:  sha256:${session.base.tree} (landing ${session.base.sequence})`,
    ];
    if (session.description !== '') lines.push('', session.description);
    if (session.workspace !== null) lines.push(`Workspace:  ${session.workspace.directory}`);
    const { lease } = session;
    if (lease !== null && lease.untilMs !== null)
      lines.push(`Written on: ${lease.machine}, since ${moment(lease.sinceMs)}`);
    section(
      lines,
      'Conversation',
      record.conversation.map(({ atMs, author, text }) => `${moment(atMs)}  ${author}: ${text}`),
    );
    section(
      lines,
      'Decisions',
      record.decisions.flatMap(({ what, why, alternatives }) => [
        what,
        `    because ${why}`,
        ...alternatives.map((alternative) => `    instead of ${alternative}`),
      ]),
    );
    section(
      lines,
      'Worklog',
      record.worklog.map(({ atMs, text }) => `${moment(atMs)}  ${text}`),
    );
    section(
      lines,
      'Checkpoints',
      session.checkpoints.map(({ number, atMs, note }) => `${number}  ${moment(atMs)}  ${note}`.trimEnd()),
    );
    const { conversation, decisions, worklog } = record;
    return {
      json: {
        ...sessionJson(session),
        conversation,
        decisions,
        worklog,
        lease: session.lease,
        checkpoints: session.checkpoints,
        conflicts: session.conflicts,
      },
      text: lines.join('\n'),
    };
  },
});

function section(lines: string[], title: string, entries: readonly string[]): void {
  if (entries.length > 0) lines.push('', `${title}:`, ...entries.map((entry) => `  ${entry}`));
}
