import type { Hash } from '../base/hash.ts';
import type { BlobStore } from './blob-store.ts';
import { decodeReferring, encodeReferring } from './referring-object.ts';

const noBytes = Buffer.alloc(0);

/**
 * Where an object lies, base64, to be kept in a document that names it: who reads the document hands it to `learnPlace`
 * and needs no index to find the object. Undefined where this process does not know.
 */
export function placeOf(blobs: BlobStore, hash: Hash): string | undefined {
  const location = blobs.locate(hash);
  return location && encodeReferring({ bytes: noBytes, references: [location] }).toString('base64');
}

/** Takes in what `placeOf` gave. It is advice, as all hints are: other text is ignored, and a wrong place does no harm. */
export function learnPlace(blobs: BlobStore, hash: Hash, place: string): void {
  const references = decodeReferring(Buffer.from(place, 'base64'))?.references;
  if (references?.length === 1) blobs.learn([hash], references);
}
