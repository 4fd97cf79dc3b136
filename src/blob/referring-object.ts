import { objectBytesMax } from './limits.ts';
import { decodeHints, encodeLocations, type ReferenceLocations } from './location-hints.ts';
import { ownPack } from './pack-index.ts';

/** An object, and where those lie that it refers to, in its own order: where somebody said so. */
export interface ReferringObject {
  readonly bytes: Buffer;
  readonly references?: ReferenceLocations;
}

/** An object and its references as bytes to be kept outside of packs (`docs/formats/packs.md`, "Hints"). */
export function encodeReferring({ bytes, references = [] }: ReferringObject): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes, encodeLocations([{ length: bytes.length, references }])]);
}

/** What `encodeReferring` was given; undefined for other bytes. Whether it is the right object has yet to be seen. */
export function decodeReferring(encoded: Uint8Array): ReferringObject | undefined {
  const all = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (all.length < 4) return undefined;
  const end = 4 + all.readUInt32LE(0);
  if (end > all.length || end - 4 > objectBytesMax) return undefined;
  const bytes = all.subarray(4, end);
  const references = decodeHints(all.subarray(end), ownPack, 0);
  return references === undefined ? { bytes } : { bytes, references };
}
