import { DirectoryStore } from '../storage/directory/directory-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { isS3Url } from '../storage/s3/s3-location.ts';
import type { StoreRequests } from './store-requests.ts';
import type { TierSettings } from './tier-settings.ts';

/** What a store is opened with. */
export interface StoreSettings {
  /** Where the store is: an absolute path, or an `s3://` URL. */
  readonly store: string;
  /** What stands in front of it, if it is remote. */
  readonly tiers: TierSettings;
  /** Counts the requests to it, if it is remote. */
  readonly requests?: StoreRequests;
}

/** Told of what the store can do without, such as a cache that cannot be written. */
export type OnStoreProblem = (problem: Error) => void;

/** Opens a store. Nothing is looked at yet. Throws `storage/location-invalid`. */
export async function openStore(settings: StoreSettings, onProblem: OnStoreProblem): Promise<ObjectStore> {
  if (!isS3Url(settings.store)) return new DirectoryStore(settings.store);
  // Loaded here: a store in a directory does without.
  const { openRemoteStore } = await import('./open-remote-store.ts');
  return openRemoteStore(settings, onProblem);
}
