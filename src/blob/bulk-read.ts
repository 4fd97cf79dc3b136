import { type Hash, hashOf } from '../base/hash.ts';
import { BlobError } from './blob-error.ts';
import type { BlobStore } from './blob-store.ts';
import { compress } from './compression.ts';
import type { FrameLocation } from './pack-index.ts';

/** One of many objects to be read: `index` is its place among the hashes that were asked for. */
export interface WantedObject {
  readonly index: number;
  readonly hash: Hash;
  /** Where it lies in the uncompressed bytes of its frame. */
  readonly offset: number;
  readonly length: number;
}

/**
 * A frame as it is stored, and what is wanted of it. Not yet decompressed nor verified: whoever takes it does that
 * (`decompress`, then `verify` for each object), on the thread that needs the bytes.
 */
export interface StoredFrame {
  readonly compressed: Uint8Array;
  /** Bytes of the frame once it is decompressed. */
  readonly size: number;
  readonly objects: readonly WantedObject[];
}

interface FrameWants {
  readonly frame: FrameLocation;
  readonly objects: WantedObject[];
}

/** Frames of one pack that lie next to each other, or nearly, are fetched with one request of at most this many bytes. */
const requestBytesMax = 4 * 1024 * 1024;
/** Reading past this many bytes that nobody wants is cheaper than a request more. */
const gapBytesMax = 64 * 1024;

/**
 * Reads many objects in the order in which they are stored, each frame once. A hash that is asked for twice is given
 * twice. Throws `blob/not-found`; `blob/corrupt` is found by whoever decompresses.
 */
export async function* readFrames(blobs: BlobStore, hashes: readonly Hash[]): AsyncGenerator<StoredFrame> {
  await blobs.indexes.ensureLoaded();
  const { frames, unlocated } = locate(blobs, hashes);
  for (const run of runsOf(frames)) yield* readRun(blobs, run, unlocated);
  // What another process has written or moved since the indexes were read. Rare, so one by one.
  for (const index of unlocated) yield await readAlone(blobs, hashes[index]!, index);
}

/** Throws `blob/corrupt` unless `bytes` are what `hash` names. */
export function verify(hash: Hash, bytes: Uint8Array): void {
  if (hashOf(bytes) !== hash) {
    throw new BlobError('blob/corrupt', `Object ${hash} is damaged in the store. Run "mic store fsck".`);
  }
}

function locate(blobs: BlobStore, hashes: readonly Hash[]): { frames: FrameWants[]; unlocated: number[] } {
  const frames = new Map<FrameLocation, FrameWants>();
  const unlocated: number[] = [];
  for (const [index, hash] of hashes.entries()) {
    const location = blobs.indexes.lookup(Buffer.from(hash, 'hex'));
    if (location === undefined) {
      unlocated.push(index);
      continue;
    }
    const { frame, offset, length } = location;
    let wants = frames.get(frame);
    if (wants === undefined) {
      wants = { frame, objects: [] };
      frames.set(frame, wants);
    }
    wants.objects.push({ index, hash, offset, length });
  }
  const sorted = [...frames.values()].sort(({ frame: a }, { frame: b }) =>
    a.pack === b.pack ? a.start - b.start : a.pack < b.pack ? -1 : 1,
  );
  return { frames: sorted, unlocated };
}

function* runsOf(frames: readonly FrameWants[]): Generator<FrameWants[]> {
  let run: FrameWants[] = [];
  for (const wants of frames) {
    const first = run[0]?.frame;
    const last = run.at(-1)?.frame;
    const { pack, start, end } = wants.frame;
    const fits =
      first?.pack === pack && start - last!.end <= gapBytesMax && end - first.start <= requestBytesMax;
    if (!fits && run.length > 0) {
      yield run;
      run = [];
    }
    run.push(wants);
  }
  if (run.length > 0) yield run;
}

async function* readRun(
  blobs: BlobStore,
  run: readonly FrameWants[],
  unlocated: number[],
): AsyncGenerator<StoredFrame> {
  const { pack, start } = run[0]!.frame;
  const stored = await blobs.store.get(blobs.layout.pack(pack), { start, end: run.at(-1)!.frame.end });
  if (stored === undefined) {
    // The pack was rewritten by a collection.
    for (const { objects } of run) for (const { index } of objects) unlocated.push(index);
    return;
  }
  for (const { frame, objects } of run) {
    const compressed = stored.bytes.subarray(frame.start - start, frame.end - start);
    yield { compressed, size: frame.size, objects };
  }
}

/** One object as a frame of its own. */
async function readAlone(blobs: BlobStore, hash: Hash, index: number): Promise<StoredFrame> {
  const bytes = await blobs.get(hash);
  const compressed = await compress(bytes);
  const object = { index, hash, offset: 0, length: bytes.length };
  return { compressed, size: bytes.length, objects: [object] };
}
