import { type Hash, hashOf } from '../base/hash.ts';
import { BlobError } from './blob-error.ts';
import type { BlobStore } from './blob-store.ts';
import { compress } from './compression.ts';
import type { ObjectKind } from './layout.ts';
import { frameBytesTarget, objectBytesMax, packBytesTarget } from './limits.ts';
import { PackWriter } from './pack-writer.ts';

interface PendingObject {
  readonly hash: Hash;
  readonly bytes: Uint8Array;
}

/** A batch must be flushed, and what refers to it recorded, well within the grace period of garbage collection. */
const batchAgeMsMax = 12 * 60 * 60 * 1000;
/** Uncompressed bytes that may wait for compression before `backpressure` asks the writer to pause … */
const pendingBytesMax = 16 * 1024 * 1024;
/** … and how many are left when it may go on: enough to keep the other threads busy meanwhile. */
const pendingBytesLow = 8 * 1024 * 1024;

/**
 * Writes many objects at once: groups them into compressed frames, frames into packs. Objects that the store has, and
 * objects added twice, are written once. Nothing that was added is promised before `flush` has ended.
 */
export class BlobBatch {
  readonly #blobs: BlobStore;
  readonly #added = new Set<Hash>();
  readonly #open: Record<ObjectKind, { objects: PendingObject[]; size: number }> = {
    blob: { objects: [], size: 0 },
    node: { objects: [], size: 0 },
  };
  readonly #openedMs: number;
  #pack: PackWriter;
  /** Frames and packs are finished one after the other, in the order in which they were closed. */
  #tail: Promise<void> = Promise.resolve();
  #pendingBytes = 0;
  #waiting: (() => void)[] = [];
  #failure: { cause: unknown } | undefined;
  /** Uncompressed bytes of the objects that were new. */
  newBytes = 0;
  /** Objects that were new. */
  newObjects = 0;

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
    this.#openedMs = blobs.clock.now();
    this.#pack = new PackWriter(blobs.random);
  }

  /** Adds an object and returns its name. `bytes` must not change afterwards. Throws `blob/too-large` above 1 MiB. */
  add(bytes: Uint8Array, kind: ObjectKind = 'blob'): Hash {
    return this.addHashed(hashOf(bytes), bytes, kind);
  }

  /** `add` for a caller who has the hash already. */
  addHashed(hash: Hash, bytes: Uint8Array, kind: ObjectKind): Hash {
    if (bytes.length > objectBytesMax) {
      throw new BlobError(
        'blob/too-large',
        `An object of ${bytes.length} bytes is above the limit of ${objectBytesMax}.`,
      );
    }
    if (this.#added.has(hash)) return hash;
    this.#added.add(hash);
    if (this.#blobs.has(hash)) return hash;
    const open = this.#open[kind];
    open.objects.push({ hash, bytes });
    open.size += bytes.length;
    this.newBytes += bytes.length;
    this.newObjects++;
    if (open.size >= frameBytesTarget) this.#closeFrame(kind);
    return hash;
  }

  /** Whether an object would have to be written: neither the store nor this batch has it. */
  lacks(hash: Hash): boolean {
    return !this.#added.has(hash) && !this.#blobs.has(hash);
  }

  /** Undefined, or what to wait for before adding more when much is under way. Bulk writers ask after each `add`. */
  backpressure(): Promise<void> | undefined {
    return this.#pendingBytes > pendingBytesMax || this.#failure ? this.#drained() : undefined;
  }

  /** Stores everything added so far. Ends once it is durable; throws what went wrong in storing. */
  async flush(): Promise<void> {
    this.#closeFrame('blob');
    this.#closeFrame('node');
    await this.#settled();
    if (!this.#pack.isEmpty) await this.#storePack();
    this.#requireYoung();
    await this.#blobs.indexes.mergeWhereMany();
  }

  #closeFrame(kind: ObjectKind): void {
    const { objects, size } = this.#open[kind];
    if (objects.length === 0) return;
    this.#open[kind] = { objects: [], size: 0 };
    this.#pendingBytes += size;
    const plain =
      objects.length === 1
        ? objects[0]!.bytes
        : Buffer.concat(
            objects.map((object) => object.bytes),
            size,
          );
    const compressed = Promise.resolve(compress(plain));
    // A failure is reported by whoever waits for the tail; here it must only not count as unhandled.
    compressed.catch(() => {});
    this.#tail = this.#tail
      .then(async () => {
        if (this.#failure) return;
        this.#pack.addFrame(await compressed, objects);
        this.#pendingBytes -= size;
        if (this.#pendingBytes <= pendingBytesLow) this.#wake();
        if (this.#pack.size >= packBytesTarget) await this.#storePack();
      })
      .catch((cause: unknown) => {
        this.#failure ??= { cause };
        this.#wake();
      });
  }

  /** Ends when little is left to be done; throws what went wrong. */
  async #drained(): Promise<void> {
    if (!this.#failure) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure) throw this.#failure.cause;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** What this batch took for stored is only sure to stay for so long. */
  #requireYoung(): void {
    if (this.#blobs.clock.now() - this.#openedMs <= batchAgeMsMax) return;
    throw new BlobError(
      'blob/too-slow',
      'Writing took more than 12 hours, and what it builds upon may have been collected since. What was written is kept for a while: do it again, and it will be quick.',
    );
  }

  async #settled(): Promise<void> {
    await this.#tail;
    if (this.#failure) throw this.#failure.cause;
  }

  async #storePack(): Promise<void> {
    const { bytes, index } = this.#pack.finish();
    this.#pack = new PackWriter(this.#blobs.random);
    const { store, layout, indexes } = this.#blobs;
    await store.put(layout.pack(index.hash), bytes);
    await store.put(layout.index(index.hash), index.bytes);
    indexes.add(index);
  }
}
