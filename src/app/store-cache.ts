import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { hashOf } from '../base/hash.ts';
import { systemRandom } from '../base/random.ts';
import { DiskCache } from '../storage/disk-cache.ts';
import type { ObjectKey } from '../storage/object-store.ts';
import type { StoreName } from '../storage/peers/peer-request.ts';
import type { TierSettings } from './tier-settings.ts';

/** What is kept on this disk of all remote stores. */
export function openDiskCache({ cache, cacheBytes }: TierSettings): DiskCache {
  return new DiskCache({
    directory: join(cache, 'objects'),
    bytesMax: cacheBytes,
    clock: systemClock,
    random: systemRandom,
  });
}

/** What a store is called on disks and among peers: the same for the same location. */
export function storeName(location: string): StoreName {
  return hashOf(Buffer.from(location)).slice(0, 16) as StoreName;
}

/** Packs and their indexes are named by what they hold. */
export function isImmutable(key: ObjectKey): boolean {
  return /^micelio-[^/]+\/projects\/[^/]+\/(packs|index)\//.test(key);
}
