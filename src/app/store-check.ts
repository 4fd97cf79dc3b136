import { mkdirSync, statSync } from 'node:fs';
import { MicelioError } from '../base/error.ts';
import { systemRandom } from '../base/random.ts';
import { storageErrorFrom } from '../storage/directory/disk-error.ts';
import { probeStore } from '../storage/probe.ts';
import { isS3Url, parseS3Location } from '../storage/s3/s3-location.ts';
import { openStore, type StoreSettings } from './open-store.ts';
import type { StoreRequests } from './store-requests.ts';

/** One thing that was looked at, and what is wrong with it, in words; undefined where nothing is. */
export interface StoreFinding {
  readonly check: string;
  readonly problem: string | undefined;
}

/**
 * Tries out whether a store can be used, by writing a few small objects and removing them. What is wrong with it is
 * answered and not thrown. The checks end with the first that fails.
 */
export async function checkStore(settings: StoreSettings): Promise<StoreFinding[]> {
  const place = await checkPlace(settings.store, settings.requests);
  if (place.problem !== undefined) return [place];
  const store = await openStore(settings, (problem) => {
    // What a probe writes is never cached.
    throw problem;
  });
  return [place, ...(await probeStore(store, systemRandom))];
}

/** Makes the directory or the bucket of a store where it is missing, and answers whether it did. Throws as stores do. */
export async function makeStorePlace(
  location: string,
  requests: StoreRequests,
): Promise<'made' | 'was there'> {
  if (!isS3Url(location)) {
    try {
      return mkdirSync(location, { recursive: true, mode: 0o700 }) === undefined ? 'was there' : 'made';
    } catch (error) {
      throw storageErrorFrom(error, `make the directory "${location}"`);
    }
  }
  const { makeBucket } = await import('../storage/s3/bucket.ts');
  return makeBucket(parseS3Location(location), (await requests.load()).hooks(location));
}

/** Whether there is a directory or a bucket of the right kind. */
export async function checkPlace(location: string, requests?: StoreRequests): Promise<StoreFinding> {
  if (!isS3Url(location)) {
    const problem = statSync(location, { throwIfNoEntry: false })?.isDirectory()
      ? undefined
      : `There is no directory "${location}". Make the store: mic store init "${location}"`;
    return { check: 'the directory is there', problem };
  }
  const check = 'the bucket is there, and keeps no versions';
  const { requirePlainBucket } = await import('../storage/s3/bucket.ts');
  try {
    await requirePlainBucket(parseS3Location(location), (await requests?.load())?.hooks(location));
    return { check, problem: undefined };
  } catch (error) {
    if (!(error instanceof MicelioError)) throw error;
    return { check, problem: error.message };
  }
}
