import { hasCode } from '../../src/base/error.ts';
import { systemRandom } from '../../src/base/random.ts';
import { systemSleep } from '../../src/storage/backoff.ts';
import { leaveDocument, updateDocument } from '../../src/storage/document.ts';
import { parseKey } from '../../src/storage/object-store.ts';
import { RetryingStore } from '../../src/storage/retrying-store.ts';
import { parseS3Location } from '../../src/storage/s3/s3-location.ts';
import { S3Store } from '../../src/storage/s3/s3-store.ts';
import { type Counter, counterFormat, counterKey } from './counter.ts';

/** Adds one to the counter in the store `url`, `times` times, under the name `me`. */
const [url = '', me = '', times = '0', stallMs = '0'] = process.argv.slice(2);
const surroundings = { random: systemRandom, sleep: systemSleep };
const remote = new S3Store(parseS3Location(url), { stallMsMax: Number(stallMs), ...surroundings });
const store = new RetryingStore(remote, { ...surroundings, attemptsMax: 20 });
const access = { store, ...surroundings };

/** Counts up to `mine`, if that has not been done: it may be that nobody could tell whether it was. */
async function countTo(mine: number): Promise<void> {
  await updateDocument<Counter>(access, parseKey(counterKey), counterFormat, ({ count, by }) =>
    by[me] === mine ? leaveDocument : { count: count + 1, by: { ...by, [me]: mine } },
  );
}

for (let mine = 1; mine <= Number(times); ) {
  try {
    await countTo(mine);
    mine++;
  } catch (error) {
    if (!hasCode(error, 'storage/unavailable')) throw error;
  }
}
