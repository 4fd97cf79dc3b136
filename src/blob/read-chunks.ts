import type { Hash } from '../base/hash.ts';
import type { BlobStore } from './blob-store.ts';
import { readFrames, verify } from './bulk-read.ts';
import { decompress } from './compression.ts';

/** A part of a chunk: its bytes from `from` (inclusive) to `to` (exclusive). */
export interface ChunkSlice {
  readonly hash: Hash;
  readonly from: number;
  readonly to: number;
}

/** Chunks of so many bytes are read together, which one request can fetch, and as many again while the reader has those before. */
const windowBytes = 3 * 1024 * 1024;
/** Fewer chunks than this are read one by one: the frames that they share are kept in memory. */
const windowChunksMin = 4;

/**
 * The bytes of chunks, one behind the other: not a request for each, and the next are on their way while the reader is
 * busy with those that it has. Throws as `BlobStore.get` does.
 */
export async function* readChunks(
  blobs: BlobStore,
  slices: AsyncIterable<ChunkSlice>,
): AsyncGenerator<Buffer> {
  let ahead: Promise<readonly Buffer[]> = Promise.resolve([]);
  for await (const window of windowsOf(slices)) {
    const next = readWindow(blobs, window);
    // A failure is reported to the reader who gets there; here it must only not count as unhandled.
    next.catch(() => {});
    yield* await ahead;
    ahead = next;
  }
  yield* await ahead;
}

async function* windowsOf(slices: AsyncIterable<ChunkSlice>): AsyncGenerator<readonly ChunkSlice[]> {
  let window: ChunkSlice[] = [];
  let bytes = 0;
  for await (const slice of slices) {
    window.push(slice);
    bytes += slice.to - slice.from;
    if (bytes < windowBytes) continue;
    yield window;
    window = [];
    bytes = 0;
  }
  if (window.length > 0) yield window;
}

async function readWindow(blobs: BlobStore, window: readonly ChunkSlice[]): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  if (window.length < windowChunksMin) {
    for (const { hash, from, to } of window) pieces.push((await blobs.get(hash)).subarray(from, to));
    return pieces;
  }
  const hashes = window.map(({ hash }) => hash);
  for await (const { compressed, size, objects, pack } of readFrames(blobs, hashes)) {
    const frame = decompress(compressed, size, `A frame of pack ${pack}`);
    for (const { index, hash, offset, length } of objects) {
      const bytes = frame.subarray(offset, offset + length);
      verify(hash, bytes);
      const { from, to } = window[index]!;
      pieces[index] = bytes.subarray(from, to);
    }
  }
  return pieces;
}
