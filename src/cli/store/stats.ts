import { storeStats } from '../../app/store-stats.ts';
import { command } from '../command.ts';
import { columns, size } from '../wording.ts';

export default command({
  summary: 'Show what the store holds',
  options: {},
  examples: [['mic store stats', 'How large is it, and what of?']],
  async run({ micelio, configuration }) {
    const stats = await storeStats(micelio);
    const rows = stats.map((row) => [
      row.project,
      row.kind,
      row.objects.toLocaleString('en-US'),
      size(row.bytes),
    ]);
    const text =
      rows.length === 0 ? 'The store is empty.' : columns([['PROJECT', 'KIND', 'OBJECTS', 'SIZE'], ...rows]);
    return { json: { store: configuration.store, projects: stats }, text };
  },
});
