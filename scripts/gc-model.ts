import { runSchedule } from '../src/blob/model/collection-model.ts';

/**
 * `npm run gc-model -- COUNT [SEED]`: COUNT schedules in which writers, readers, collectors and mergers of indexes get in
 * each other's way (`src/blob/model/`), from SEED on, or from another one each day. Shows the first that loses something.
 */
const [count = '20000', first] = process.argv.slice(2);
const begun = Date.now();
const start = first === undefined ? begun % 1_000_000_000 : Number(first);
let steps = 0;
for (let seed = start; seed < start + Number(count); seed++) {
  const result = await runSchedule({ seed });
  steps += result.steps;
  if (result.outcome === 'violated') {
    console.log(result.log.join('\n'));
    console.log(`seed ${seed}: ${result.what}`);
    process.exitCode = 1;
    break;
  }
  if (process.stdout.isTTY && seed % 500 === 0) process.stdout.write(`\r${seed - start} `);
}
const seconds = (Date.now() - begun) / 1000;
console.log(
  `\n${count} schedules from seed ${start}, ${steps} steps, ${Math.round(seconds)} s${process.exitCode === 1 ? '' : '; nothing was lost'}`,
);
