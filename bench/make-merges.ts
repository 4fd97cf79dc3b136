import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { gitOutput } from './replay/git-process.ts';
import { attributesHistory, syntheticHistory } from './replay/synthetic-history.ts';

const usage = `Usage: node bench/make-merges.ts DIRECTORY [--seed N] [--merges N] [--files N] [--changes N] [--attributes]

Makes a bare git repository of random merges to replay: node bench/replay-merges.ts DIRECTORY
With --attributes, of small ones in which .gitattributes decide.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    merges: { type: 'string', default: '1000' },
    files: { type: 'string', default: '30' },
    attributes: { type: 'boolean', default: false },
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
  const [seed, merges] = [Number(values.seed), Number(values.merges)];
  const history = values.attributes
    ? attributesHistory(seed, merges)
    : syntheticHistory({
        seed,
        merges,
        files: Number(values.files),
        changesMax: Number(values.changes),
      });
  await gitOutput(context, ['fast-import', '--quiet', '--done'], history);
}
