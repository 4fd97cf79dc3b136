import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { hashOf } from '../base/hash.ts';
import { systemRandom } from '../base/random.ts';
import { systemSleep } from '../storage/backoff.ts';
import { DiskCache } from '../storage/disk-cache.ts';
import { DiskCachedStore } from '../storage/disk-cached-store.ts';
import type { ObjectKey, ObjectStore } from '../storage/object-store.ts';
import { RetryingStore } from '../storage/retrying-store.ts';
import { parseS3Location } from '../storage/s3/s3-location.ts';
import { S3Store } from '../storage/s3/s3-store.ts';
import type { OnStoreProblem, StoreSettings } from './open-store.ts';

/** How much of a remote store is kept on the disk, in bytes. */
const cacheBytesMax = 2 * 1024 ** 3;

/** A store on S3: what can be repeated is, and what never changes is kept on the disk. */
export function openRemoteStore({ store, cache }: StoreSettings, onProblem: OnStoreProblem): ObjectStore {
  const surroundings = { random: systemRandom, sleep: systemSleep };
  const remote = new RetryingStore(new S3Store(parseS3Location(store), surroundings), surroundings);
  return new DiskCachedStore(remote, {
    isImmutable,
    cache: new DiskCache({
      directory: join(cache, 'objects', hashOf(Buffer.from(store)).slice(0, 16)),
      bytesMax: cacheBytesMax,
      clock: systemClock,
      random: systemRandom,
    }),
    onProblem,
  });
}

/** Packs and their indexes are named by what they hold. */
function isImmutable(key: ObjectKey): boolean {
  return /^micelio-[^/]+\/projects\/[^/]+\/(packs|index)\//.test(key);
}
