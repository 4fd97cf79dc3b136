import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Hash, hashOf, parseHash } from '../base/hash.ts';
import { type Random, systemRandom } from '../base/random.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { BlobBatch } from './blob-batch.ts';
import { BlobError } from './blob-error.ts';
import { decompress } from './compression.ts';
import { IndexSet } from './index-set.ts';
import { BlobLayout } from './layout.ts';
import type { FrameLocation, Location } from './pack-index.ts';
import { readPackIndex } from './pack-reader.ts';

export interface BlobStoreOptions {
  /** Memory for uncompressed frames, in bytes. Neighbours in a frame are often read one after the other. */
  readonly frameCacheBytes?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

const frameCacheBytesDefault = 16 * 1024 * 1024;
/** What a writer believes to be stored must not be older than this, in ms (`docs/formats/packs.md`, "Collection"). */
const indexAgeMsMax = 5 * 60 * 1000;

/**
 * The content-addressed store of one project: immutable bytes named by their SHA-256, in compressed packs. Whatever it
 * returns was checked against its hash.
 */
export class BlobStore {
  readonly store: ObjectStore;
  readonly layout: BlobLayout;
  readonly indexes: IndexSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly #frames: LRUCache<string, Buffer>;
  /** Frames that are being read: neighbours are often asked for at the same time. */
  readonly #reading = new Map<string, Promise<Buffer | undefined>>();

  /** `prefix` is the project's place in the store, without a slash at its end. */
  constructor(store: ObjectStore, prefix: string, options: BlobStoreOptions = {}) {
    this.store = store;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.layout = new BlobLayout(prefix);
    this.indexes = new IndexSet(store, this.layout, this.clock);
    this.#frames = new LRUCache({
      maxSize: options.frameCacheBytes ?? frameCacheBytesDefault,
      sizeCalculation: (frame) => frame.length + 1,
    });
  }

  /**
   * The bytes that `hash` names, verified. They may be shared: don't write to them.
   * Throws `blob/not-found`, and `blob/corrupt` when the store has something else under this name.
   */
  async get(hash: Hash): Promise<Buffer> {
    const raw = Buffer.from(hash, 'hex');
    await this.indexes.ensureLoaded();
    const known = this.indexes.lookup(raw);
    const bytes = (known && (await this.#read(known))) ?? (await this.#lookAgain(raw));
    if (bytes === undefined) {
      throw new BlobError(
        'blob/not-found',
        `The store has no object ${hash}. Run "mic store fsck" to see what is missing.`,
      );
    }
    if (hashOf(bytes) !== hash) {
      const pack = known === undefined ? '' : ` (pack ${known.frame.pack})`;
      throw new BlobError(
        'blob/corrupt',
        `Object ${hash} is damaged in the store${pack}. Run "mic store fsck".`,
      );
    }
    return bytes;
  }

  /** Whether the indexes that are loaded have `hash`. */
  has(hash: Hash): boolean {
    return this.indexes.lookup(Buffer.from(hash, 'hex')) !== undefined;
  }

  /** A writer for any number of objects. They exist for readers once its `flush` has ended. */
  async openBatch(): Promise<BlobBatch> {
    if (this.indexes.ageMs > indexAgeMsMax) await this.indexes.refresh();
    return new BlobBatch(this);
  }

  /** The uncompressed bytes of a frame; undefined when its pack is gone. */
  async readFrame(frame: FrameLocation): Promise<Buffer | undefined> {
    const key = `${frame.pack}:${frame.start}`;
    const cached = this.#frames.get(key);
    if (cached !== undefined) return cached;
    const reading = this.#reading.get(key) ?? this.#fetchFrame(key, frame);
    this.#reading.set(key, reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(key);
    }
  }

  async #fetchFrame(key: string, frame: FrameLocation): Promise<Buffer | undefined> {
    const stored = await this.store.get(this.layout.pack(frame.pack), { start: frame.start, end: frame.end });
    if (stored === undefined) return undefined;
    const bytes = decompress(stored.bytes, frame.size, `Pack ${frame.pack}, byte ${frame.start}`);
    this.#frames.set(key, bytes);
    return bytes;
  }

  async #read({ frame, offset, length }: Location): Promise<Buffer | undefined> {
    return (await this.readFrame(frame))?.subarray(offset, offset + length);
  }

  /** Another process may have written the object, or moved it to another pack, since the indexes were read. */
  async #lookAgain(raw: Buffer): Promise<Buffer | undefined> {
    await this.indexes.refresh();
    const location = this.indexes.lookup(raw) ?? (await this.#lookAmongCondemned(raw));
    return location && this.#read(location);
  }

  /**
   * A writer may have built upon a pack just before a collection took it out of the indexes: the next collection brings
   * it back, and until then it is still readable.
   */
  async #lookAmongCondemned(raw: Buffer): Promise<Location | undefined> {
    for await (const { key } of this.store.list(this.layout.condemnedPrefix)) {
      const pack = parseHash(key.slice(this.layout.condemnedPrefix.length));
      const location = (await readPackIndex(this.store, this.layout, pack))?.lookup(raw);
      if (location !== undefined) return location;
    }
    return undefined;
  }
}
