import { type Hash, hashOf } from '../base/hash.ts';
import { BlobError } from './blob-error.ts';
import { decompress } from './compression.ts';
import { type IndexEntry, PackIndex } from './pack-index.ts';
import { packFooterBytes, packMagic } from './pack-writer.ts';

/**
 * Checks every byte of the pack `hash`, which was read as a whole: its ends by their form, its index by the name of the
 * pack, its objects by their own names. Returns that index. Throws `blob/corrupt`, and `blob/format-unknown` for a pack
 * of another version.
 */
export function verifyPack(input: Uint8Array, hash: Hash): PackIndex {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  const footerStart = bytes.length - packFooterBytes;
  if (footerStart < packMagic.length) throw damaged(hash, 'it is cut short');
  requireMagic(bytes.subarray(0, packMagic.length), hash, 'it does not begin as a pack does');
  requireMagic(bytes.subarray(footerStart + 4), hash, 'it does not end as a pack does');
  const indexStart = footerStart - bytes.readUInt32LE(footerStart);
  if (indexStart < packMagic.length) throw damaged(hash, 'its own index is cut short');
  const index = PackIndex.parse(bytes.subarray(indexStart, footerStart), hash);
  const frames = Map.groupBy(index.entries(), ({ frame }) => frame.start);
  for (const entries of frames.values()) verifyFrame(bytes.subarray(0, indexStart), entries, hash);
  return index;
}

function verifyFrame(frames: Buffer, entries: readonly IndexEntry[], pack: Hash): void {
  const { start, end, size } = entries[0]!.frame;
  if (end > frames.length) throw damaged(pack, `bytes ${start} to ${end} are not there`);
  const plain = decompress(frames.subarray(start, end), size, `Pack ${pack}, byte ${start},`);
  for (const { hash, offset, length } of entries) {
    if (hashOf(plain.subarray(offset, offset + length)) !== hash)
      throw damaged(pack, `bytes ${start} to ${end} do not hold ${hash}`);
  }
}

function requireMagic(bytes: Buffer, pack: Hash, reason: string): void {
  if (bytes.equals(packMagic)) return;
  if (!bytes.subarray(0, 6).equals(packMagic.subarray(0, 6))) throw damaged(pack, reason);
  throw new BlobError(
    'blob/format-unknown',
    `Pack ${pack} has a format that this version does not know. Update Micelio.`,
  );
}

function damaged(pack: Hash, reason: string): BlobError {
  return new BlobError('blob/corrupt', `Pack ${pack} is damaged: ${reason}. Run "mic store fsck".`);
}
