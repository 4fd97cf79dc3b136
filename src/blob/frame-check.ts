import { type Hash, hashOf } from '../base/hash.ts';
import { BlobError } from './blob-error.ts';
import { decompress } from './compression.ts';

/** An object that should lie at a place in the uncompressed bytes of a frame. */
export interface ExpectedObject {
  readonly hash: Hash;
  readonly offset: number;
  readonly length: number;
}

/**
 * The uncompressed bytes of a frame, `size` of them, if all `objects` lie where they should; undefined for anything
 * else. For bytes that may come from anywhere.
 */
export function openFrameWith(
  stored: Uint8Array,
  size: number,
  objects: readonly ExpectedObject[],
): Buffer | undefined {
  try {
    const frame = decompress(stored, size, 'A frame');
    return objects.every((object) => holdsObject(frame, object)) ? frame : undefined;
  } catch (error) {
    if (error instanceof BlobError) return undefined;
    throw error;
  }
}

/** Whether an object lies in an uncompressed frame where it should. */
export function holdsObject(frame: Buffer, { hash, offset, length }: ExpectedObject): boolean {
  return hashOf(frame.subarray(offset, offset + length)) === hash;
}
