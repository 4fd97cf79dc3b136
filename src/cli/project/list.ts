import { command } from '../command.ts';
import { columns, moment } from '../wording.ts';

export default command({
  summary: 'List the projects of the store',
  options: {},
  examples: [['mic project list', 'What is there']],
  async run({ openMicelio }) {
    const micelio = await openMicelio();
    const rows: { name: string; sequence: number; createdMs: number; description: string }[] = [];
    for await (const name of micelio.projectNames()) {
      const { project, sequence } = (await micelio.ledger(name).ledger.readHead()).head;
      rows.push({ name, sequence, createdMs: project.createdMs, description: project.description });
    }
    const text = columns(
      rows.map((row) => [row.name, `landing ${row.sequence}`, moment(row.createdMs), row.description]),
    );
    return {
      json: rows,
      text:
        rows.length === 0 ? 'No projects. "mic project create ORG/NAME --from=DIRECTORY" makes one.' : text,
    };
  },
});
