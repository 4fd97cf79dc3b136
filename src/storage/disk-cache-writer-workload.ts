import { writeSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { DiskCache } from './disk-cache.ts';

/** Writes entries over and over again until it is killed. Says so once the first one stands. */
const cache = new DiskCache({
  directory: process.argv[2]!,
  bytesMax: 1 << 30,
  clock: systemClock,
  random: systemRandom,
});
const bytes = Buffer.alloc(300_000, 'x');
for (let n = 0; ; n = (n + 1) % 200) {
  await cache.write(`blobs/${n}`, undefined, bytes);
  if (n === 10) writeSync(1, 'writing\n');
}
