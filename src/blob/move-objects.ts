import { type Hash, hashOf } from '../base/hash.ts';
import { HashSet } from '../base/hash-set.ts';
import type { BlobBatch } from './blob-batch.ts';
import { BlobError } from './blob-error.ts';
import type { BlobStore } from './blob-store.ts';
import { decompress } from './compression.ts';
import { isNeeded, type NeededObjects } from './needed-objects.ts';
import type { IndexEntry } from './pack-index.ts';
import { readPackIndex } from './pack-reader.ts';

/** Packs looked at at once: small ones, or one that is large. */
const packsAtOnceMax = 16;
const packBytesAtOnceMax = 16 * 1024 * 1024;
/** Frames read at once, each of a MiB at the most. */
const framesAtOnceMax = 16;
/** A batch is flushed once it has so many bytes, and another one begun: it must not get old. */
const batchBytesMax = 256 * 1024 * 1024;

interface PackOfSize {
  readonly hash: Hash;
  /** In bytes. */
  readonly size: number;
}

export interface MoveOptions {
  /** Tells whether what is in an indexed pack counts as stored. */
  readonly isSafe: (pack: Hash) => boolean;
  /** What a node refers to, in its own order. */
  readonly referencesOf: (hash: Hash, bytes: Buffer) => readonly Hash[];
  /** Tells what would be moved, and writes nothing. */
  readonly mode: 'collect' | 'dry run';
}

/** Writes what is needed of packs that are to go once more, into new ones, in the order in which it lies there. */
export class ObjectMover {
  readonly #blobs: BlobStore;
  readonly #needed: NeededObjects;
  readonly #options: MoveOptions;
  readonly #moved = new HashSet();
  #batch: BlobBatch | undefined;
  /** Objects that were moved so far. */
  objects = 0;
  /** Uncompressed bytes of them. */
  bytes = 0;

  constructor(blobs: BlobStore, needed: NeededObjects, options: MoveOptions) {
    this.#blobs = blobs;
    this.#needed = needed;
    this.#options = options;
  }

  /** Moves what is needed of `packs` and stored nowhere else. Throws `blob/corrupt` when that cannot be read. */
  async moveFrom(packs: readonly PackOfSize[]): Promise<void> {
    for (const group of groupsOf(packs)) {
      const wanted = await Promise.all(group.map(({ hash }) => this.#wantedOf(hash)));
      for (const { length } of wanted.flat()) {
        this.objects++;
        this.bytes += length;
      }
      if (this.#options.mode === 'dry run') continue;
      const frames = wanted.flatMap(inFrames);
      for (let start = 0; start < frames.length; start += framesAtOnceMax)
        await this.#moveFrames(frames.slice(start, start + framesAtOnceMax));
    }
  }

  async #wantedOf(pack: Hash): Promise<IndexEntry[]> {
    const index = await readPackIndex(this.#blobs.store, this.#blobs.layout, pack);
    return [...(index?.entries() ?? [])].filter(({ hash }) => this.#mustMove(hash));
  }

  /** Ends once everything moved so far is durable and indexed. */
  async flush(): Promise<void> {
    await this.#batch?.flush();
    this.#batch = undefined;
  }

  /** True, once, for an object that is needed and that no other pack is sure to keep. */
  #mustMove(hash: Hash): boolean {
    const raw = Buffer.from(hash, 'hex');
    if (!isNeeded(this.#needed, raw) || this.#isSafe(raw)) return false;
    return this.#moved.add(raw);
  }

  #isSafe(raw: Buffer): boolean {
    return this.#blobs.indexes.all.some((index) => {
      const location = index.lookup(raw);
      return location !== undefined && this.#options.isSafe(location.frame.pack);
    });
  }

  async #moveFrames(frames: readonly (readonly IndexEntry[])[]): Promise<void> {
    const plain = await Promise.all(frames.map(([entry]) => this.#readFrame(entry!)));
    for (const [i, entries] of frames.entries()) {
      const bytes = plain[i];
      // Another collection has deleted the pack: it has moved what is needed of it before.
      if (bytes === undefined) continue;
      for (const { hash, offset, length } of entries.toSorted((a, b) => a.offset - b.offset))
        await this.#add(hash, bytes.subarray(offset, offset + length));
    }
  }

  async #readFrame({ frame }: IndexEntry): Promise<Buffer | undefined> {
    const stored = await this.#blobs.store.get(this.#blobs.layout.pack(frame.pack), frame);
    return stored && decompress(stored.bytes, frame.size, `Pack ${frame.pack}, byte ${frame.start}`);
  }

  async #add(hash: Hash, bytes: Buffer): Promise<void> {
    if (hashOf(bytes) !== hash) {
      throw new BlobError(
        'blob/corrupt',
        `Object ${hash} is damaged in the store. Nothing was taken out of use; run "mic store fsck".`,
      );
    }
    this.#batch ??= await this.#blobs.openBatch();
    if (this.#needed.nodes.has(Buffer.from(hash, 'hex')))
      this.#batch.addAgain(hash, bytes, 'node', this.#options.referencesOf(hash, bytes));
    else this.#batch.addAgain(hash, bytes, 'blob');
    const busy = this.#batch.backpressure();
    if (busy) await busy;
    if (this.#batch.newBytes >= batchBytesMax) await this.flush();
  }
}

/** `packs` in order, a few at a time. */
function* groupsOf(packs: readonly PackOfSize[]): Generator<PackOfSize[]> {
  let group: PackOfSize[] = [];
  let bytes = 0;
  for (const pack of packs) {
    if (group.length === packsAtOnceMax || (group.length > 0 && bytes + pack.size > packBytesAtOnceMax)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(pack);
    bytes += pack.size;
  }
  if (group.length > 0) yield group;
}

/** The entries of a pack frame by frame, in the order in which they lie there. */
function inFrames(entries: readonly IndexEntry[]): IndexEntry[][] {
  const frames = Map.groupBy(entries, ({ frame }) => frame.start);
  return [...frames].sort(([a], [b]) => a - b).map(([, inFrame]) => inFrame);
}
