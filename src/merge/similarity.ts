import { looksBinary } from './text-merge.ts';

/** The score of two files with the same content. */
export const sameContentScore = 60_000;

/** Pieces end at a newline, or when they are this long. */
const pieceBytesMax = 64;
/** Pieces are told apart by a hash below this number. */
const pieceHashes = 107_927;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** The pieces of a file: their hashes in ascending order, and how many bytes there are of each. */
export interface Fingerprint {
  readonly hashes: Uint32Array;
  readonly byteCounts: Uint32Array;
}

/**
 * Cuts a file into lines of at most 64 bytes and counts the bytes under the hash of each. The carriage return of a
 * text file's CRLF does not count, and neither does a last piece that is cut short by the end of the file.
 */
export function fingerprintOf(bytes: Uint8Array): Fingerprint {
  const bytesByHash = new Map<number, number>();
  const isText = !looksBinary(bytes);
  let low = 0;
  let high = 0;
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (isText && byte === carriageReturn && bytes[at + 1] === lineFeed) continue;
    const carry = low >>> 25;
    low = (((low << 7) ^ (high >>> 25)) + byte) >>> 0;
    high = ((high << 7) ^ carry) >>> 0;
    length++;
    if (length < pieceBytesMax && byte !== lineFeed) continue;
    const hash = ((low + Math.imul(high, 0x61)) >>> 0) % pieceHashes;
    bytesByHash.set(hash, (bytesByHash.get(hash) ?? 0) + length);
    low = 0;
    high = 0;
    length = 0;
  }
  const hashes = Uint32Array.from(bytesByHash.keys()).sort();
  return { hashes, byteCounts: hashes.map((hash) => bytesByHash.get(hash)!) };
}

/**
 * False when the sizes alone, in bytes, rule out that two files score `scoreMin`. A file of size 0 is like no other.
 */
export function sizesMayScore(sourceSize: number, targetSize: number, scoreMin: number): boolean {
  const larger = Math.max(sourceSize, targetSize);
  const difference = Math.abs(sourceSize - targetSize);
  return targetSize > 0 && larger * (sameContentScore - scoreMin) >= difference * sameContentScore;
}

/** How much of the larger file is made of pieces of the source: from 0 to `sameContentScore`. Sizes in bytes. */
export function similarityScore(
  source: Fingerprint,
  sourceSize: number,
  target: Fingerprint,
  targetSize: number,
): number {
  let copied = 0;
  let at = 0;
  for (let from = 0; from < source.hashes.length; from++) {
    const hash = source.hashes[from]!;
    while (at < target.hashes.length && target.hashes[at]! < hash) at++;
    if (at < target.hashes.length && target.hashes[at] === hash) {
      copied += Math.min(source.byteCounts[from]!, target.byteCounts[at]!);
    }
  }
  return Math.floor((copied * sameContentScore) / Math.max(sourceSize, targetSize));
}
