import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Hash, parseHash } from '../base/hash.ts';
import { type Random, systemRandom } from '../base/random.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { BlobBatch, type ExpectedObjects } from './blob-batch.ts';
import { BlobError } from './blob-error.ts';
import { decompress } from './compression.ts';
import { type ExpectedObject, holdsObject, openFrameWith } from './frame-check.ts';
import { IndexSet } from './index-set.ts';
import { KnownLocations } from './known-locations.ts';
import { BlobLayout } from './layout.ts';
import { indexAgeMsMax } from './limits.ts';
import { decodeHints, hintsOf, type ReferenceLocations } from './location-hints.ts';
import type { FrameRange, Location } from './pack-index.ts';
import { readPackIndex } from './pack-reader.ts';
import type { ReferringObject } from './referring-object.ts';
import { requireYoung, WrittenNodes } from './written-nodes.ts';

export interface BlobStoreOptions {
  /** Memory for uncompressed frames, in bytes. Neighbours in a frame are often read one after the other. */
  readonly frameCacheBytes?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface BatchOptions {
  readonly expects: ExpectedObjects;
}

/** The uncompressed bytes of a frame, and what stands in front of it. */
interface Frame {
  readonly bytes: Buffer;
  readonly hints: Uint8Array | undefined;
}

interface FoundObject {
  /** What lies where the object should. */
  readonly bytes: Buffer;
  /** Whether it is the object. */
  readonly isRight: boolean;
  readonly hints: Uint8Array | undefined;
  readonly location: Location;
  readonly foundBy: 'index' | 'hint';
}

const frameCacheBytesDefault = 16 * 1024 * 1024;

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
  /** What the batches of this process have written lately. */
  readonly written = new WrittenNodes();
  readonly #known = new KnownLocations();
  readonly #frames: LRUCache<string, Frame>;
  /** Frames that are being read: neighbours are often asked for at the same time. */
  readonly #reading = new Map<string, Promise<Frame | undefined>>();

  /** `prefix` is the project's place in the store, without a slash at its end. */
  constructor(store: ObjectStore, prefix: string, options: BlobStoreOptions = {}) {
    this.store = store;
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.layout = new BlobLayout(prefix);
    this.indexes = new IndexSet(store, this.layout, this);
    this.#frames = new LRUCache({
      maxSize: options.frameCacheBytes ?? frameCacheBytesDefault,
      sizeCalculation: ({ bytes, hints }) => bytes.length + (hints?.length ?? 0) + 1,
    });
  }

  /**
   * The bytes that `hash` names, verified. They may be shared: don't write to them.
   * Throws `blob/not-found`, and `blob/corrupt` when the store has something else under this name.
   */
  async get(hash: Hash): Promise<Buffer> {
    return (await this.#find(hash)).bytes;
  }

  /** `get`, with where the objects lie that this one refers to, if that is of use: it is for `learn`. */
  async getReferring(hash: Hash): Promise<ReferringObject> {
    const { bytes, location, hints, foundBy } = await this.#find(hash);
    // The indexes that know an object know what it refers to.
    if (hints === undefined || (foundBy === 'index' && this.indexes.isLoaded)) return { bytes };
    const references = decodeHints(hints, location.frame.pack, location.offset);
    return references === undefined ? { bytes } : { bytes, references };
  }

  /** Remembers where `hashes` are said to lie, so that the indexes need not be read for them. */
  learn(hashes: readonly Hash[], locations: ReferenceLocations): void {
    this.#known.learn(hashes, locations);
  }

  /** Where an object lies, as far as it is known without asking the store. It may have gone from there. */
  locate(hash: Hash): Location | undefined {
    return this.indexes.lookup(Buffer.from(hash, 'hex')) ?? this.#known.get(hash);
  }

  /** Forgets where `hash` was said to lie. */
  forget(hash: Hash): void {
    this.#known.forget(hash);
  }

  /** Whether the indexes that are loaded have `hash`. */
  has(hash: Hash): boolean {
    return this.indexes.lookup(Buffer.from(hash, 'hex')) !== undefined;
  }

  /**
   * Throws `blob/too-slow` for the root of a tree that this process has written so long ago that parts of it, which were
   * in the store before, may have been collected since. To be asked right before the tree is recorded.
   */
  requireYoung(root: Hash): void {
    const openedMs = this.written.openedMs(root);
    if (openedMs !== undefined) requireYoung(openedMs, this.clock);
  }

  /**
   * A writer for any number of objects. They exist for readers once its `flush` has ended. It reads all indexes unless
   * `few` objects are expected; then it may write again what the store has, which costs less where indexes are large.
   * Who expected few and adds many loses little: the indexes are read when a pack is full.
   */
  async openBatch({ expects }: BatchOptions = { expects: 'many' }): Promise<BlobBatch> {
    if (expects === 'many' && this.indexes.ageMs > indexAgeMsMax) await this.indexes.refresh();
    return new BlobBatch(this, expects);
  }

  async #find(hash: Hash): Promise<FoundObject> {
    const raw = Buffer.from(hash, 'hex');
    let location = this.indexes.lookup(raw);
    if (location === undefined) {
      const hinted = await this.#followHint(hash, raw);
      if (hinted !== undefined) return hinted;
      await this.indexes.ensureLoaded();
      location = this.indexes.lookup(raw);
    }
    const found =
      (location && (await this.#readAgainIfWrong(hash, location))) ?? (await this.#lookAgain(hash, raw));
    if (found === undefined) {
      throw new BlobError(
        'blob/not-found',
        `The store has no object ${hash}. Run "mic store fsck" to see what is missing.`,
      );
    }
    if (!found.isRight) {
      throw new BlobError(
        'blob/corrupt',
        `Object ${hash} is damaged in the store (pack ${found.location.frame.pack}). Run "mic store fsck".`,
      );
    }
    return found;
  }

  /**
   * The object where a hint says that it lies, or where it was moved since. A hint that leads nowhere is forgotten.
   */
  async #followHint(hash: Hash, raw: Buffer): Promise<FoundObject | undefined> {
    const hinted = this.#known.get(hash);
    if (hinted === undefined) return undefined;
    const found = await this.#readAsTold(hash, hinted);
    if (found !== undefined) return found;
    this.#known.forget(hash);
    const moved = await this.indexes.lookupRecent(raw);
    const again = moved && (await this.#readAsTold(hash, moved));
    if (again !== undefined) this.#known.learn([hash], [moved]);
    return again;
  }

  async #readAsTold(hash: Hash, location: Location): Promise<FoundObject | undefined> {
    const found = await this.#read(hash, location, 'hint').catch((error: unknown) => {
      // Bytes that are no frame: the hint may be what is wrong, and the indexes decide.
      if (error instanceof BlobError) return undefined;
      throw error;
    });
    return found?.isRight ? found : undefined;
  }

  /** A frame in memory may be a wrong copy, of which only other objects were looked at until now. */
  async #readAgainIfWrong(hash: Hash, location: Location): Promise<FoundObject | undefined> {
    const found = await this.#read(hash, location, 'index');
    if (found === undefined || found.isRight) return found;
    this.#frames.delete(keyOf(location.frame));
    return this.#read(hash, location, 'index');
  }

  async #read(
    hash: Hash,
    location: Location,
    foundBy: FoundObject['foundBy'],
  ): Promise<FoundObject | undefined> {
    const { offset, length } = location;
    const expected = { hash, offset, length };
    const frame = await this.#frame(location.frame, expected);
    if (frame === undefined) return undefined;
    const bytes = frame.bytes.subarray(offset, offset + length);
    return { bytes, isRight: holdsObject(frame.bytes, expected), hints: frame.hints, location, foundBy };
  }

  /** A frame, uncompressed; undefined when its pack is gone. */
  async #frame(range: FrameRange, expected: ExpectedObject): Promise<Frame | undefined> {
    const key = keyOf(range);
    const cached = this.#frames.get(key);
    if (cached !== undefined) return cached;
    const reading = this.#reading.get(key) ?? this.#fetchFrame(key, range, expected);
    this.#reading.set(key, reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(key);
    }
  }

  async #fetchFrame(
    key: string,
    { pack, start, end, size }: FrameRange,
    expected: ExpectedObject,
  ): Promise<Frame | undefined> {
    let checked: { readonly stored: Uint8Array; readonly bytes: Buffer } | undefined;
    const stored = await this.store.get(this.layout.pack(pack), { start, end }, (copy) => {
      const bytes = openFrameWith(copy, size, [expected]);
      checked = bytes && { stored: copy, bytes };
      return bytes !== undefined;
    });
    if (stored === undefined) return undefined;
    const bytes =
      checked?.stored === stored.bytes
        ? checked.bytes
        : decompress(stored.bytes, size, `Pack ${pack}, byte ${start}`);
    const hints = hintsOf(stored.bytes);
    // Copied, so that they don't keep the compressed frame in memory.
    const frame = { bytes, hints: hints && Buffer.from(hints) };
    this.#frames.set(key, frame);
    return frame;
  }

  /** Another process may have written the object, or moved it to another pack, since the indexes were read. */
  async #lookAgain(hash: Hash, raw: Buffer): Promise<FoundObject | undefined> {
    await this.indexes.refresh();
    const location = this.indexes.lookup(raw) ?? (await this.#lookAmongCondemned(raw));
    return location && this.#readAgainIfWrong(hash, location);
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

function keyOf({ pack, start, end, size }: FrameRange): string {
  return `${pack}:${start}:${end}:${size}`;
}
