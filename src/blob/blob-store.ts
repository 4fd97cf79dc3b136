import { LRUCache } from 'lru-cache';
import { type Hash, hashOf } from '../base/hash.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { BlobBatch } from './blob-batch.ts';
import { BlobError } from './blob-error.ts';
import { decompress } from './compression.ts';
import { IndexSet } from './index-set.ts';
import { BlobLayout, type ObjectKind } from './layout.ts';
import { objectBytesMax } from './limits.ts';
import type { FrameLocation, Location } from './pack-index.ts';

export interface BlobStoreOptions {
  /** Memory for uncompressed frames, in bytes. Neighbours in a frame are often read one after the other. */
  readonly frameCacheBytes?: number;
}

const frameCacheBytesDefault = 16 * 1024 * 1024;

/**
 * The content-addressed store of one project: immutable bytes named by their SHA-256, in packs or alone, compressed.
 * Whatever it returns was checked against its hash.
 */
export class BlobStore {
  readonly layout: BlobLayout;
  readonly indexes: IndexSet;
  readonly store: ObjectStore;
  readonly #frames: LRUCache<string, Buffer>;

  /** `prefix` is the project's place in the store, without a slash at its end. */
  constructor(store: ObjectStore, prefix: string, options: BlobStoreOptions = {}) {
    this.store = store;
    this.layout = new BlobLayout(prefix);
    this.indexes = new IndexSet(store, this.layout);
    this.#frames = new LRUCache({
      maxSize: options.frameCacheBytes ?? frameCacheBytesDefault,
      sizeCalculation: (frame) => frame.length + 1,
    });
  }

  /**
   * The bytes that `hash` names, verified. They may be shared: don't write to them.
   * Throws `blob/not-found`, and `blob/corrupt` when the store has something else under this name.
   */
  async get(hash: Hash, kind: ObjectKind = 'blob'): Promise<Buffer> {
    const location = await this.#locate(hash);
    const bytes =
      location === undefined ? await this.#getLoose(hash, kind) : await this.#getPacked(hash, kind, location);
    if (bytes === undefined) {
      throw new BlobError(
        'blob/not-found',
        `The store has no object ${hash}. Run "mic store fsck" to see what is missing.`,
      );
    }
    if (hashOf(bytes) !== hash) {
      throw new BlobError(
        'blob/corrupt',
        `Object ${hash} is damaged in the store${location ? ` (pack ${location.frame.pack})` : ''}. Run "mic store fsck".`,
      );
    }
    return bytes;
  }

  /** Whether the store has `hash`, as far as the loaded indexes and, where `loose` says so, a look for a loose object tell. */
  hasPacked(hash: Hash): boolean {
    return this.indexes.lookup(Buffer.from(hash, 'hex')) !== undefined;
  }

  /** A writer for any number of objects. They exist for readers once its `flush` has ended. */
  async openBatch(): Promise<BlobBatch> {
    await this.indexes.ensureLoaded();
    return new BlobBatch(this);
  }

  /** The uncompressed bytes of a frame; undefined when its pack is gone. */
  async readFrame(frame: FrameLocation): Promise<Buffer | undefined> {
    const key = `${frame.pack}:${frame.start}`;
    const cached = this.#frames.get(key);
    if (cached !== undefined) return cached;
    const stored = await this.store.get(this.layout.pack(frame.pack), { start: frame.start, end: frame.end });
    if (stored === undefined) return undefined;
    const bytes = decompress(stored.bytes, frame.size, `Pack ${frame.pack}, byte ${frame.start}`);
    this.#frames.set(key, bytes);
    return bytes;
  }

  async #locate(hash: Hash): Promise<Location | undefined> {
    const raw = Buffer.from(hash, 'hex');
    await this.indexes.ensureLoaded();
    const known = this.indexes.lookup(raw);
    if (known !== undefined) return known;
    await this.indexes.refresh();
    return this.indexes.lookup(raw);
  }

  async #getPacked(hash: Hash, kind: ObjectKind, location: Location): Promise<Buffer | undefined> {
    const frame = await this.readFrame(location.frame);
    if (frame !== undefined) return frame.subarray(location.offset, location.offset + location.length);
    // The pack was rewritten by a garbage collection since its index was read: look again, once.
    await this.indexes.refresh();
    const moved = this.indexes.lookup(Buffer.from(hash, 'hex'));
    const again = moved && (await this.readFrame(moved.frame));
    return again?.subarray(moved!.offset, moved!.offset + moved!.length) ?? this.#getLoose(hash, kind);
  }

  async #getLoose(hash: Hash, kind: ObjectKind): Promise<Buffer | undefined> {
    const stored = await this.store.get(this.layout.loose(kind, hash));
    return stored && decompress(stored.bytes, objectBytesMax, `Object ${hash}`);
  }
}
