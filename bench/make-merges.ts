import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { gitOutput } from './replay/git-process.ts';
import { syntheticHistory } from './replay/synthetic-history.ts';

const usage = `Usage: node bench/make-merges.ts DIRECTORY [--seed N] [--merges N] [--files N] [--changes N]

Makes a bare git repository of random merges to replay: node bench/replay-merges.ts DIRECTORY`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    merges: { type: 'string', default: '1000' },
    files: { type: 'string', default: '30' },
    changes: { type: 'string', default: '8' },
  },
});
const [directory] = positionals;
if (directory === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else {
  await mkdir(directory, { recursive: true });
  const context = { repository: directory, environment: process.env };
  await gitOutput(context, ['init', '--quiet', '--bare', '--initial-branch=main']);
  const history = syntheticHistory({
    seed: Number(values.seed),
    merges: Number(values.merges),
    files: Number(values.files),
    changesMax: Number(values.changes),
  });
  await gitOutput(context, ['fast-import', '--quiet', '--done'], history);
}
