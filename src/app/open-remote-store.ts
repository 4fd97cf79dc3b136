import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { systemSleep } from '../storage/backoff.ts';
import { DiskCachedStore } from '../storage/disk-cached-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { StoreName } from '../storage/peers/peer-request.ts';
import { RetryingStore } from '../storage/retrying-store.ts';
import { parseS3Location } from '../storage/s3/s3-location.ts';
import { S3Store } from '../storage/s3/s3-store.ts';
import type { OnStoreProblem, StoreSettings } from './open-store.ts';
import { isImmutable, openDiskCache, storeName } from './store-cache.ts';
import type { TierSettings } from './tier-settings.ts';

/**
 * A store on S3: what can be repeated is, and what never changes is looked for on the disk and with peers first. Throws
 * `storage/location-invalid`, `storage/peers-invalid` and `configuration/invalid`.
 */
export async function openRemoteStore(
  { store, tiers, requests }: StoreSettings,
  onProblem: OnStoreProblem,
): Promise<ObjectStore> {
  const surroundings = { random: systemRandom, sleep: systemSleep };
  const counter = await requests?.load();
  const s3 = new S3Store(parseS3Location(store), { ...surroundings, ...counter?.hooks(store) });
  const remote = new RetryingStore(s3, surroundings);
  return inFrontOf(remote, storeName(store), tiers, onProblem);
}

/** Puts the tiers in front of a remote store. */
export async function inFrontOf(
  remote: ObjectStore,
  name: StoreName,
  tiers: TierSettings,
  onProblem: OnStoreProblem,
): Promise<ObjectStore> {
  return new DiskCachedStore(await withPeers(remote, name, tiers, onProblem), {
    isImmutable,
    cache: openDiskCache(tiers),
    cachePrefix: `${name}/`,
    clock: systemClock,
    onProblem,
  });
}

async function withPeers(
  remote: ObjectStore,
  name: StoreName,
  { peers }: TierSettings,
  onProblem: OnStoreProblem,
): Promise<ObjectStore> {
  if (peers === undefined || peers.found === '') return remote;
  // Loaded here: most have none.
  const { openPeers } = await import('./open-peers.ts');
  const { PeerStore } = await import('../storage/peers/peer-store.ts');
  return new PeerStore(remote, { isImmutable, peers: openPeers(peers, onProblem), name });
}
