import type { Landing } from '../../session/head.ts';
import { command } from '../command.ts';
import { ledgerFor } from '../open.ts';
import { flag, number } from '../options.ts';
import { agentName, changeLine, counted, moment } from '../wording.ts';

const shownDefault = 20;

export default command({
  summary: 'List what has landed, newest first',
  arguments: [
    { name: '[org/name]', description: 'the project (otherwise that of the workspace, or $MICELIO_PROJECT)' },
  ],
  options: {
    last: number('-n, --last <count>', `how many landings (otherwise ${shownDefault})`),
    files: flag('--files', 'with the files that each changed'),
  },
  examples: [['mic project log acme/web --files -n 5', 'The last five landings, with their files']],
  async run(context, [name], { last, files }) {
    const project = await ledgerFor(context, name);
    const { head } = await project.ledger.readHead();
    const landings: Landing[] = [];
    const count = last ?? shownDefault;
    for (let sequence = head.sequence; sequence > Math.max(0, head.sequence - count); sequence--) {
      landings.push(await project.ledger.readLanding(sequence));
    }
    const text = landings.map((landing) => landingText(landing, files)).join('\n\n');
    return { json: landings.map(landingJson), text: text === '' ? 'Nothing has landed yet.' : text };
  },
});

function landingText(landing: Landing, files: boolean): string {
  const { sequence, atMs, agent, message, changeCount, changes } = landing;
  const lines = [
    `landing ${sequence}  ${moment(atMs)}  ${agentName(agent)}  ${originWord(landing)}`,
    ...message.split('\n').map((line) => `    ${line}`),
  ];
  if (files) lines.push(...changes.map(changeLine));
  if (!files || changeCount > changes.length) lines.push(`    ${counted(changeCount, 'changed file')}`);
  return lines.join('\n');
}

function landingJson({
  sequence,
  id,
  origin,
  agent,
  message,
  atMs,
  tree,
  before,
  changeCount,
  changes,
}: Landing) {
  return {
    sequence,
    id,
    origin,
    agent,
    message,
    atMs,
    tree: `sha256:${tree}`,
    before: `sha256:${before}`,
    changeCount,
    changes,
  };
}

function originWord({ origin }: Landing): string {
  switch (origin.kind) {
    case 'session':
      return origin.session;
    case 'import':
      return origin.commit === null ? 'import' : `import ${origin.commit.slice(0, 12)}`;
    case 'undo':
      return `undoes ${origin.sequence}`;
  }
}
