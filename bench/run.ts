import { cpus, totalmem } from 'node:os';
import type { Benchmark, Row } from './measure.ts';

/**
 * Runs the benchmarks that are named, or all, and prints a table of each: `npm run bench -- landing start`. What
 * docs/benchmarks.md has was printed by this.
 */
const benchmarks: Readonly<Record<string, () => Promise<{ readonly default: Benchmark }>>> = {
  import: () => import('./import.ts'),
  start: () => import('./start.ts'),
  process: () => import('./process.ts'),
  landing: () => import('./landing.ts'),
  'landings-at-once': () => import('./landings-at-once.ts'),
  growth: () => import('./growth.ts'),
  checkout: () => import('./checkout.ts'),
  rescan: () => import('./rescan.ts'),
  'idle-session': () => import('./idle-session.ts'),
  provision: () => import('./provision.ts'),
  'large-file': () => import('./large-file.ts'),
  mount: () => import('./mount.ts'),
  'nfs-calls': () => import('./nfs-calls.ts'),
  'mounted-sessions': () => import('./mounted-sessions.ts'),
  'mount-landing': () => import('./mount-landing.ts'),
  claim: () => import('./claim.ts'),
  'git-sessions': () => import('./git-sessions.ts'),
  'store-requests': () => import('./store-requests.ts'),
  's3-import': () => import('./s3-import.ts'),
  's3-landings': () => import('./s3-landings.ts'),
  's3-warm': () => import('./s3-warm.ts'),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}. There are ${Object.keys(benchmarks).join(', ')}.`,
  );
  process.exit(2);
}
console.log(
  `${cpus().length} × ${cpus()[0]!.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.versions.node}`,
);
for (const name of wanted.length > 0 ? wanted : Object.keys(benchmarks)) {
  console.error(`\n${name} …`);
  const { default: benchmark } = await benchmarks[name]!();
  printTable(await benchmark((text) => console.error(`  ${text}`)));
}

function printTable(rows: readonly Row[]): void {
  console.log('\n| what | measured | against | ratio | aim |\n|---|---|---|---|---|');
  for (const { what, value, against = '', ratio = '', aim = '' } of rows) {
    console.log(`| ${what} | ${value} | ${against} | ${ratio} | ${aim} |`);
  }
}
