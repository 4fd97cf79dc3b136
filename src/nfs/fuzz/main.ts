import { fuzz } from './campaign.ts';

/** `npm run fuzz-nfs -- 1000000 [seed]`: sends so many records to a server. Fails where it does. */
const [count, seed] = process.argv.slice(2).map(Number);
if (count === undefined || !(count > 0)) {
  console.error('How many records? For instance: npm run fuzz-nfs -- 1000000');
  process.exit(2);
}
const chosen = seed ?? Date.now() % 2 ** 32;
console.error(`seed ${chosen}`);
const report = await fuzz(count, chosen, (records) => process.stderr.write(`\r${records} records`));
process.stderr.write('\n');
console.log(JSON.stringify(report, undefined, 2));
