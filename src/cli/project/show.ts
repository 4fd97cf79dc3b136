import { countEntries } from '../../tree/lookup.ts';
import { command } from '../command.ts';
import { projectFor } from '../open.ts';
import { counted, moment } from '../wording.ts';

export default command({
  summary: 'Show what a project is and where its head stands',
  arguments: [
    { name: '[org/name]', description: 'the project (otherwise that of the workspace, or $MICELIO_PROJECT)' },
  ],
  options: {},
  examples: [['mic project show acme/web --json | jq -r .tree', 'The tree of the head']],
  async run(context, [name]) {
    const project = await projectFor(context, name);
    const { head } = await project.ledger.readHead();
    const entries = await countEntries(project.nodes, head.tree);
    const sessions = await Array.fromAsync(project.ledger.listSessions());
    const open = sessions.filter(
      ({ state, removed }) => removed === null && (state === 'active' || state === 'conflicted'),
    );
    const newest = head.landings.at(-1);
    const lines = [
      `Project:  ${project.name}${head.project.description === '' ? '' : `  ${head.project.description}`}`,
      `Head:     landing ${head.sequence}${newest === undefined ? '' : `, ${moment(newest.atMs)} by ${newest.agent.name}`}`,
      `Tree:     sha256:${head.tree} (${counted(entries, 'entry', 'entries')})`,
      `Sessions: ${open.length} under way, ${sessions.length} in all`,
    ];
    const { description, createdMs } = head.project;
    return {
      json: {
        project: project.name,
        description,
        createdMs,
        sequence: head.sequence,
        tree: `sha256:${head.tree}`,
        entries,
        sessions: sessions.length,
        openSessions: open.length,
      },
      text: lines.join('\n'),
    };
  },
});
