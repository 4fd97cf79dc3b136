import { runModel } from '../src/vfs/model/model-run.ts';

/**
 * `npm run vfs-model -- COUNT [SEED]`: does COUNT random operations on session file systems and on real directories, and
 * compares all that a program can see (`src/vfs/model/`). With a SEED only that run.
 */
const operationsPerRun = 10_000;
const [count = '1000000', seed] = process.argv.slice(2);
const outcomes = new Map<string, number>();
const begun = Date.now();
const runs = seed === undefined ? Math.ceil(Number(count) / operationsPerRun) : 1;
for (let run = 0; run < runs; run++) {
  const operations = seed === undefined ? operationsPerRun : Number(count);
  const result = await runModel({ operations, seed: seed === undefined ? begun + run : Number(seed) });
  for (const [code, times] of result) outcomes.set(code, (outcomes.get(code) ?? 0) + times);
  if (process.stdout.isTTY) process.stdout.write(`\r${(run + 1) * operations} `);
}
const counts = [...outcomes].sort(([, a], [, b]) => b - a).map(([code, times]) => `${code} ${times}`);
console.log(`\n${counts.join(', ')}; no difference, ${Math.round((Date.now() - begun) / 1000)} s`);
