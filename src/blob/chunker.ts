import { createHash } from 'node:crypto';

/**
 * Content-defined chunking: FastCDC with normalised chunking (Xia et al., USENIX ATC 2016, §3.4–3.5). A cut depends
 * only on the 32 bytes before it and the distance from the last cut, so that bytes put in front of a file move the
 * cuts along with the content. `docs/formats/large-files.md` has the parameters; they are part of the format, since
 * the same file must be cut the same everywhere.
 */
export const chunkBytesMin = 8 * 1024;
export const chunkBytesTarget = 32 * 1024;
export const chunkBytesMax = 128 * 1024;

/** 17 one-bits: a cut is unlikely before the target size. */
const maskBeforeTarget = 0xffff8000 | 0;
/** 13 one-bits: a cut is likely after it. */
const maskAfterTarget = 0xfff80000 | 0;

/** One pseudo-random 32-bit number for each byte value: SHA-256 of `micelio gear N`, first four bytes, little endian. */
export const gearTable = Int32Array.from({ length: 256 }, (_, byte) =>
  createHash('sha256').update(`micelio gear ${byte}`).digest().readInt32LE(0),
);

/**
 * The end of the chunk that begins at `start` in `bytes`. When no cut is found before `bytes` ends, the answer is
 * `bytes.length`: with more to come, call again once `chunkBytesMax` bytes are at hand.
 */
function chunkEnd(bytes: Uint8Array, start: number): number {
  const last = Math.min(bytes.length, start + chunkBytesMax);
  const target = Math.min(last, start + chunkBytesTarget);
  let fingerprint = 0;
  let position = Math.min(last, start + chunkBytesMin);
  for (; position < target; position++) {
    fingerprint = ((fingerprint << 1) + gearTable[bytes[position]!]!) | 0;
    if ((fingerprint & maskBeforeTarget) === 0) return position + 1;
  }
  for (; position < last; position++) {
    fingerprint = ((fingerprint << 1) + gearTable[bytes[position]!]!) | 0;
    if ((fingerprint & maskAfterTarget) === 0) return position + 1;
  }
  return last;
}

/**
 * Cuts a stream of bytes into chunks of `chunkBytesMin` to `chunkBytesMax` bytes; the last may be shorter. A chunk is
 * there until the next one is asked for: copy what is to stay.
 */
export async function* chunksOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  // One buffer for all: what is left of a piece is moved to its front, and the next piece put behind it.
  let buffer = Buffer.allocUnsafe(0);
  let length = 0;
  for await (const piece of source) {
    if (length + piece.length > buffer.length) {
      const larger = Buffer.allocUnsafe(chunkBytesMax + piece.length);
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
    buffer.set(piece, length);
    length += piece.length;
    let start = 0;
    while (length - start >= chunkBytesMax) {
      const end = chunkEnd(buffer.subarray(0, length), start);
      yield buffer.subarray(start, end);
      start = end;
    }
    buffer.copyWithin(0, start, length);
    length -= start;
  }
  for (let start = 0; start < length; ) {
    const end = chunkEnd(buffer.subarray(0, length), start);
    yield buffer.subarray(start, end);
    start = end;
  }
}
