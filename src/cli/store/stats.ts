import type { OperationTally } from '../../app/request-tally.ts';
import { storeStats } from '../../app/store-stats.ts';
import { command } from '../command.ts';
import { columns, moment, size } from '../wording.ts';

export default command({
  summary: 'Show what the store holds, and what using it has cost',
  description:
    'Counts what the store holds, project by project. Of a store on S3 it also shows what each command has cost in requests\non this machine so far, repeated ones included: on average and the last time. MICELIO_REQUEST_TALLY=off ends the counting.',
  options: {},
  examples: [['mic store stats', 'How large is it, and what of?']],
  async run({ openMicelio, configuration: { store, requestTally } }) {
    const stats = await storeStats(await openMicelio());
    const rows = stats.map((row) => [
      row.project,
      row.kind,
      row.objects.toLocaleString('en-US'),
      size(row.bytes),
    ]);
    const held =
      rows.length === 0 ? 'The store is empty.' : columns([['PROJECT', 'KIND', 'OBJECTS', 'SIZE'], ...rows]);
    const operations = requestTally === undefined ? [] : await operationsOn(store, requestTally);
    return {
      json: { store, projects: stats, operations },
      text: [held, ...(operations.length === 0 ? [] : ['', operationTable(operations)])].join('\n'),
    };
  },
});

async function operationsOn(store: string, directory: string): Promise<readonly OperationTally[]> {
  const { RequestTally } = await import('../../app/request-tally.ts');
  return new RequestTally(directory).read(store);
}

function operationTable(operations: readonly OperationTally[]): string {
  const rows = operations.map(({ operation, times, sum, last, lastMs }) => [
    operation,
    times.toLocaleString('en-US'),
    (sum.total / times).toFixed(1),
    String(last.total),
    size(Math.round(sum.bytesRead / times)),
    size(Math.round(sum.bytesWritten / times)),
    moment(lastMs),
  ]);
  return columns([['OPERATION', 'TIMES', 'REQUESTS', 'LAST', 'READ', 'WRITTEN', 'WHEN'], ...rows]);
}
