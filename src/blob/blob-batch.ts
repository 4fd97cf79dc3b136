import { type Hash, hashOf } from '../base/hash.ts';
import { HashSet } from '../base/hash-set.ts';
import { BlobError } from './blob-error.ts';
import type { BlobStore } from './blob-store.ts';
import { compress } from './compression.ts';
import type { ObjectKind } from './layout.ts';
import { indexAgeMsMax, objectBytesMax, packBytesTarget } from './limits.ts';
import { encodeHints } from './location-hints.ts';
import { OpenFrames, type PendingObject } from './open-frames.ts';
import type { Location, PackIndex } from './pack-index.ts';
import { type FinishedPack, PackWriter } from './pack-writer.ts';
import { requireYoung } from './written-nodes.ts';

/** Of `few` objects a batch writes some that the store has, sooner than to read all indexes for them. */
export type ExpectedObjects = 'few' | 'many';

/** Uncompressed bytes that may wait for compression before `backpressure` asks the writer to pause … */
const pendingBytesMax = 6 * 1024 * 1024;
/** … and how many are left when it may go on: enough to keep the other threads busy meanwhile. */
const pendingBytesLow = 3 * 1024 * 1024;
/** Who doesn't know the indexes looks after them once in so many times. */
const mergeOnceIn = 16;

/**
 * Writes many objects at once: groups them into compressed frames, frames into packs. Objects that the store is known to
 * have, and objects added twice, are not written again. Nothing that was added is promised before `flush` has ended.
 */
export class BlobBatch {
  readonly #blobs: BlobStore;
  readonly #added = new HashSet();
  /** The nodes among them. */
  readonly #nodes = new HashSet();
  readonly #open = new OpenFrames((objects, size) => this.#closeFrame(objects, size));
  readonly #openedMs: number;
  #expects: ExpectedObjects;
  #pack: PackWriter;
  /** The index of the pack before, which is being stored. */
  #lastIndex: PackIndex | undefined;
  /** Frames and packs are finished one after the other, in the order in which they were closed. */
  #tail: Promise<void> = Promise.resolve();
  /** The storing of the last full pack. */
  #storing: Promise<void> = Promise.resolve();
  #pendingBytes = 0;
  #waiting: (() => void)[] = [];
  #failure: { cause: unknown } | undefined;
  /** Uncompressed bytes of the objects that were new. */
  newBytes = 0;
  /** Objects that were new. */
  newObjects = 0;

  constructor(blobs: BlobStore, expects: ExpectedObjects) {
    this.#blobs = blobs;
    this.#expects = expects;
    this.#openedMs = blobs.clock.now();
    this.#pack = new PackWriter(blobs.random);
  }

  /**
   * Adds an object and returns its name. `bytes` must not change afterwards. Throws `blob/too-large` above 1 MiB.
   * `references` are the objects that a node refers to, in its own order: readers learn where those lie that the store
   * has or that were added before.
   */
  add(bytes: Uint8Array, kind: ObjectKind = 'blob', references: readonly Hash[] = []): Hash {
    const hash = hashOf(bytes);
    this.addHashed(hash, bytes, kind, references);
    return hash;
  }

  /**
   * `add` for a caller who has the hash already. True when the bytes were taken and must not change afterwards; false
   * when the store or this batch has the object, and the memory is free for other use.
   */
  addHashed(
    hash: Hash,
    bytes: Uint8Array,
    kind: ObjectKind,
    references: readonly Hash[] = noReferences,
  ): boolean {
    if (bytes.length > objectBytesMax) {
      throw new BlobError(
        'blob/too-large',
        `An object of ${bytes.length} bytes is above the limit of ${objectBytesMax}.`,
      );
    }
    const raw = Buffer.from(hash, 'hex');
    if (kind === 'node') this.#nodes.add(raw);
    if (this.#added.has(raw)) return false;
    if (!this.#isStored(raw)) return this.addAgain(hash, bytes, kind, references);
    this.#added.add(raw);
    return false;
  }

  /** `addHashed`, whether the store has the object or not: for moving it to another pack. */
  addAgain(
    hash: Hash,
    bytes: Uint8Array,
    kind: ObjectKind,
    references: readonly Hash[] = noReferences,
  ): boolean {
    if (!this.#added.add(Buffer.from(hash, 'hex'))) return false;
    this.newBytes += bytes.length;
    this.newObjects++;
    this.#open.add({ hash, bytes, references }, kind);
    return true;
  }

  /** Undefined, or what to wait for before adding more when much is under way. Bulk writers ask after each `add`. */
  backpressure(): Promise<void> | undefined {
    return this.#pendingBytes > pendingBytesMax || this.#failure ? this.#drained() : undefined;
  }

  /** Stores everything added so far. Ends once it is durable; throws what went wrong in storing. */
  async flush(): Promise<void> {
    this.#open.closeAll();
    await this.#settled();
    if (!this.#pack.isEmpty) await this.#startStoring();
    await this.#storing;
    this.requireYoung();
    this.#blobs.written.note(this.#nodes, this.#openedMs);
  }

  /** Only what the store certainly had a short while ago: a collection may have taken what is known from before. */
  #isStored(raw: Buffer): boolean {
    return this.#blobs.indexes.lookupSeenSince(raw, this.#openedMs - indexAgeMsMax) !== undefined;
  }

  #closeFrame(objects: readonly PendingObject[], size: number): void {
    this.#pendingBytes += size;
    const compressed = Promise.resolve(compress(joined(objects, size)));
    // A failure is reported by whoever waits for the tail; here it must only not count as unhandled.
    compressed.catch(() => {});
    this.#tail = this.#tail
      .then(async () => {
        if (this.#failure) return;
        const frame = await compressed;
        this.#pack.addFrame(frame, objects, this.#hintsOf(objects));
        this.#pendingBytes -= size;
        if (this.#pendingBytes <= pendingBytesLow) this.#wake();
        if (this.#pack.size < packBytesTarget) return;
        await this.#startStoring();
        await this.#expectMany();
      })
      .catch((cause: unknown) => {
        this.#failure ??= { cause };
        this.#wake();
      });
  }

  /** Where what `objects` refer to lies: all frames that were closed before are in a pack by now. */
  #hintsOf(objects: readonly PendingObject[]): Uint8Array | undefined {
    const locate = (hash: Hash): Location | undefined =>
      this.#pack.lookup(hash) ??
      this.#lastIndex?.lookup(Buffer.from(hash, 'hex')) ??
      this.#blobs.locate(hash);
    return encodeHints(
      objects.map(({ bytes, references }) => ({ length: bytes.length, references: references.map(locate) })),
    );
  }

  /** Whoever has filled a pack has more to write: what the store has of it had better be known. */
  async #expectMany(): Promise<void> {
    if (this.#expects === 'many') return;
    await this.#blobs.indexes.refresh();
    this.#expects = 'many';
  }

  /** Ends when little is left to be done; throws what went wrong. */
  async #drained(): Promise<void> {
    if (!this.#failure) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure) throw this.#failure.cause;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /**
   * Throws `blob/too-slow` when the batch is so old that what it took for stored may be gone before long. To be asked
   * right before what it holds is recorded.
   */
  requireYoung(): void {
    requireYoung(this.#openedMs, this.#blobs.clock);
  }

  async #settled(): Promise<void> {
    await this.#tail;
    if (this.#failure) throw this.#failure.cause;
  }

  /** Stores the pack in the background, while the next one is filled. Waits for the one before: memory is bounded. */
  async #startStoring(): Promise<void> {
    const pack = this.#pack;
    this.#pack = new PackWriter(this.#blobs.random);
    await this.#storing;
    const finished = pack.finish();
    this.#lastIndex = finished.index;
    this.#storing = this.#storePack(finished);
    // A failure is reported by whoever waits for it; here it must only not count as unhandled.
    this.#storing.catch(() => {});
  }

  async #storePack({ bytes, index }: FinishedPack): Promise<void> {
    const { store, layout, indexes, random } = this.#blobs;
    await store.put(layout.pack(index.hash), bytes);
    // A pack that no index names for long is collected: none may name it afterwards.
    this.requireYoung();
    await store.put(layout.index(index.hash), index.bytes);
    indexes.add(index);
    if (this.#expects === 'many') await indexes.mergeWhereMany();
    else if (random.bytes(1)[0]! % mergeOnceIn === 0) await indexes.mergeSmall();
  }
}

const noReferences: readonly Hash[] = [];

/** The objects one behind the other: without copying where they lie like that in memory. */
function joined(objects: readonly PendingObject[], size: number): Uint8Array {
  const { buffer, byteOffset } = objects[0]!.bytes;
  let end = byteOffset;
  for (const { bytes } of objects) {
    if (bytes.buffer !== buffer || bytes.byteOffset !== end) {
      return Buffer.concat(
        objects.map((object) => object.bytes),
        size,
      );
    }
    end += bytes.length;
  }
  return new Uint8Array(buffer, byteOffset, size);
}
