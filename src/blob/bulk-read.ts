import { type Hash, hashOf } from '../base/hash.ts';
import { BlobError } from './blob-error.ts';
import type { BlobStore } from './blob-store.ts';
import { compress } from './compression.ts';
import { openFrameWith } from './frame-check.ts';
import type { FrameRange } from './pack-index.ts';

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
  /** With the hints in front of it, which `decompress` skips. */
  readonly compressed: Uint8Array;
  /** Bytes of the frame once it is decompressed. */
  readonly size: number;
  readonly objects: readonly WantedObject[];
  /** The pack that it comes from; undefined where it was put together for this reading. */
  readonly pack: Hash | undefined;
}

interface FrameWants {
  readonly frame: FrameRange;
  readonly objects: WantedObject[];
}

/** Frames of one pack that lie next to each other, or nearly, are fetched with one request of at most this many bytes. */
const requestBytesMax = 4 * 1024 * 1024;
/** Reading past this many bytes that nobody wants is cheaper than a request more. */
const gapBytesMax = 64 * 1024;
/** Requests that are under way at once: a remote store takes as long to begin an answer as to give it. */
const runsAtOnceMax = 4;

/**
 * Reads many objects in the order in which they are stored, each frame once. A hash that is asked for twice is given
 * twice. Throws `blob/not-found`; `blob/corrupt` is found by whoever decompresses. Loads the indexes unless hints have
 * told of every single object where it lies.
 */
export async function* readFrames(blobs: BlobStore, hashes: readonly Hash[]): AsyncGenerator<StoredFrame> {
  const byHints = !blobs.indexes.isLoaded && hashes.every((hash) => blobs.locate(hash) !== undefined);
  if (!byHints) await blobs.indexes.ensureLoaded();
  const { frames, unlocated } = locate(blobs, hashes, byHints);
  for await (const { run, read } of readAhead(blobs, runsOf(frames))) {
    // The pack was rewritten by a collection.
    if (read === undefined) unlocated.push(...indexesOf(run));
    for (const frame of read ?? []) {
      // What hints said is advice: that it is so has to be seen before somebody relies on it.
      if (!byHints || openFrameWith(frame.compressed, frame.size, frame.objects)) yield frame;
      else {
        for (const { hash } of frame.objects) blobs.forget(hash);
        unlocated.push(...indexesOf([frame]));
      }
    }
  }
  // What another process has written or moved since the indexes were read. Rare, so one by one.
  for (const index of unlocated) yield await readAlone(blobs, hashes[index]!, index);
}

/** Throws `blob/corrupt` unless `bytes` are what `hash` names. */
export function verify(hash: Hash, bytes: Uint8Array): void {
  if (hashOf(bytes) !== hash) {
    throw new BlobError('blob/corrupt', `Object ${hash} is damaged in the store. Run "mic store fsck".`);
  }
}

function locate(
  blobs: BlobStore,
  hashes: readonly Hash[],
  byHints: boolean,
): { frames: FrameWants[]; unlocated: number[] } {
  const frames = new Map<FrameRange | string, FrameWants>();
  const unlocated: number[] = [];
  for (const [index, hash] of hashes.entries()) {
    const location = blobs.locate(hash);
    if (location === undefined) {
      unlocated.push(index);
      continue;
    }
    const { frame, offset, length } = location;
    const key = byHints ? textOf(frame) : frame;
    let wants = frames.get(key);
    if (wants === undefined) {
      wants = { frame, objects: [] };
      frames.set(key, wants);
    }
    wants.objects.push({ index, hash, offset, length });
  }
  const sorted = [...frames.values()].sort(({ frame: a }, { frame: b }) =>
    a.pack === b.pack ? a.start - b.start : a.pack < b.pack ? -1 : 1,
  );
  return { frames: sorted, unlocated };
}

/** An index gives the same object for a frame each time, and that is its key; hints do not. */
function textOf({ pack, start, end, size }: FrameRange): string {
  return `${pack}:${start}:${end}:${size}`;
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

/** A run, and its frames as they are stored; undefined when the pack is gone. */
interface ReadRun {
  readonly run: readonly FrameWants[];
  readonly read: readonly StoredFrame[] | undefined;
}

/** Reads runs in their order, the next ones while who asked is busy with one. */
async function* readAhead(blobs: BlobStore, runs: Iterable<readonly FrameWants[]>): AsyncGenerator<ReadRun> {
  const underWay: Promise<ReadRun>[] = [];
  for (const run of runs) {
    const reading = readRun(blobs, run);
    // A failure is reported to the reader who gets there; here it must only not count as unhandled.
    reading.catch(() => {});
    if (underWay.push(reading) === runsAtOnceMax) yield await underWay.shift()!;
  }
  for (const reading of underWay) yield await reading;
}

async function readRun(blobs: BlobStore, run: readonly FrameWants[]): Promise<ReadRun> {
  const { pack, start } = run[0]!.frame;
  const partOf = (bytes: Uint8Array, { frame }: FrameWants) =>
    bytes.subarray(frame.start - start, frame.end - start);
  const range = { start, end: run.at(-1)!.frame.end };
  const stored = await blobs.store.get(blobs.layout.pack(pack), range, (bytes) =>
    run.every((wants) => openFrameWith(partOf(bytes, wants), wants.frame.size, wants.objects) !== undefined),
  );
  if (stored === undefined) return { run, read: undefined };
  const read = run.map((wants) => {
    const { frame, objects } = wants;
    return { compressed: partOf(stored.bytes, wants), size: frame.size, objects, pack };
  });
  return { run, read };
}

function indexesOf(frames: readonly { readonly objects: readonly WantedObject[] }[]): number[] {
  return frames.flatMap(({ objects }) => objects.map(({ index }) => index));
}

/** One object as a frame of its own. */
async function readAlone(blobs: BlobStore, hash: Hash, index: number): Promise<StoredFrame> {
  const bytes = await blobs.get(hash);
  const compressed = await compress(bytes);
  const object = { index, hash, offset: 0, length: bytes.length };
  return { compressed, size: bytes.length, objects: [object], pack: undefined };
}
