import type { Clock } from '../base/clock.ts';
import { type Hash, parseHash } from '../base/hash.ts';
import type { Random } from '../base/random.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { BlobError } from './blob-error.ts';
import type { BlobLayout } from './layout.ts';
import { indexAgeMsMax, indexEntriesMax } from './limits.ts';
import { mergeIndexes } from './merge-indexes.ts';
import { type Location, PackIndex, packNonceBytes } from './pack-index.ts';

/** How many indexes of one size class may stand side by side before they are merged into one. */
const indexesPerLevelMax = 32;
/** Indexes with fewer entries than this are one size class; each further class is this many times larger. */
const levelFactor = 4096;
/** An index of at most this many bytes is merged with others by who has not loaded them: it is of the first size class. */
const smallIndexBytesMax = 192 * 1024;
/** What a pack's own index, and a few of them merged, is hardly larger than. */
const recentIndexBytesMax = 1024 * 1024;
/** How many small indexes are read at once, at the most. */
const smallIndexesMax = 256;
/** What was read of the indexes this long ago, in ms, is not written again (`docs/formats/packs.md`, "Collection"). */
const mergeAgeMsMax = 60 * 60 * 1000;
/** How often a refresh lists again because an index was merged away under it. */
const listingsMax = 16;

interface IndexSetOptions {
  readonly clock: Clock;
  readonly random: Random;
}

interface SeenIndex {
  readonly index: PackIndex;
  /** When it was certainly among those of the store, ms since the epoch. */
  readonly seenMs: number;
}

/**
 * All pack indexes of a project, as far as this process has seen them. Indexes are immutable; new ones appear as packs
 * are written, and small ones are merged into larger ones from time to time, so that there are never many to search.
 */
export class IndexSet {
  readonly #store: ObjectStore;
  readonly #layout: BlobLayout;
  readonly #clock: Clock;
  readonly #random: Random;
  #indexes = new Map<Hash, SeenIndex>();
  /** Small indexes that were read without the others, for `lookupRecent`. */
  #recent = new Map<Hash, PackIndex>();
  /** The last refresh, and the one that follows it, if somebody waits for one. */
  #refreshing: Promise<void> = Promise.resolve();
  #nextRefresh: Promise<void> | undefined;
  /** When the indexes were last listed, ms since the epoch. */
  #listedMs = Number.NEGATIVE_INFINITY;

  constructor(store: ObjectStore, layout: BlobLayout, { clock, random }: IndexSetOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#store = store;
    this.#layout = layout;
  }

  /** Looks in the indexes that are loaded. `raw` is the hash as 32 bytes. */
  lookup(raw: Buffer): Location | undefined {
    return this.lookupSeenSince(raw, Number.NEGATIVE_INFINITY);
  }

  /** `lookup`, but only in indexes that the store certainly had at `sinceMs` or later. */
  lookupSeenSince(raw: Buffer, sinceMs: number): Location | undefined {
    for (const { index, seenMs } of this.#indexes.values()) {
      const location = seenMs >= sinceMs ? index.lookup(raw) : undefined;
      if (location !== undefined) return location;
    }
    return undefined;
  }

  /** `lookup`, but in none of the packs `without`. */
  lookupOutside(raw: Buffer, without: ReadonlySet<Hash>): Location | undefined {
    for (const { index } of this.#indexes.values()) {
      const location = index.lookup(raw);
      if (location !== undefined && !without.has(location.frame.pack)) return location;
    }
    return undefined;
  }

  /** How long ago the indexes were listed, in ms. */
  get ageMs(): number {
    return this.#clock.now() - this.#listedMs;
  }

  get all(): readonly PackIndex[] {
    return Array.from(this.#indexes.values(), ({ index }) => index);
  }

  /** Whether all indexes that the store had at some time are here; else they are those that this process has stored. */
  get isLoaded(): boolean {
    return this.#listedMs !== Number.NEGATIVE_INFINITY;
  }

  /** Loads the indexes unless that was done before. */
  async ensureLoaded(): Promise<void> {
    if (!this.isLoaded) await this.refresh();
  }

  /**
   * Loads the indexes that appeared since the last time, and forgets those that are gone. Whatever was stored before the
   * call is known afterwards. Throws `blob/too-slow` when others merge indexes faster than they can be read.
   */
  refresh(): Promise<void> {
    this.#nextRefresh ??= this.#refreshNext();
    return this.#nextRefresh;
  }

  /** A refresh that is under way may have listed too early for who asks now: they wait for it and share the next one. */
  async #refreshNext(): Promise<void> {
    // What it failed with is told to those who asked for it.
    await this.#refreshing.catch(() => {});
    this.#nextRefresh = undefined;
    this.#refreshing = this.#refresh();
    await this.#refreshing;
  }

  /**
   * What is listed and gone when it is read has been merged by somebody, into an index that a new listing has. Indexes
   * from before must not fill the gap: they may name packs that were deleted long ago, and a writer would build on them.
   */
  async #refresh(): Promise<void> {
    const loaded = new Map<Hash, PackIndex>();
    for (let listing = 0; listing < listingsMax; listing++) {
      const listedMs = this.#clock.now();
      const before = new Set(this.#indexes.keys());
      const listed = await this.#list();
      const missing = listed.filter((hash) => !this.#indexes.has(hash) && !loaded.has(hash));
      const found = await Promise.all(missing.map((hash) => this.#recent.get(hash) ?? this.#load(hash)));
      for (const index of found) if (index !== undefined) loaded.set(index.hash, index);
      if (found.includes(undefined)) continue;
      // What this process has stored since the listing began counts too.
      const own = [...this.#indexes].filter(([hash]) => !before.has(hash));
      const present = new Map<Hash, SeenIndex>();
      for (const hash of listed) {
        const index = this.#indexes.get(hash)?.index ?? loaded.get(hash);
        if (index !== undefined) present.set(hash, { index, seenMs: listedMs });
      }
      for (const [hash, seen] of own) present.set(hash, seen);
      this.#indexes = present;
      this.#listedMs = listedMs;
      this.#recent.clear();
      return;
    }
    throw new BlobError(
      'blob/too-slow',
      'The indexes of the store were merged by others all the time while they were read. Try again.',
    );
  }

  async #list(): Promise<Hash[]> {
    const { indexPrefix } = this.#layout;
    const hashes: Hash[] = [];
    for await (const { key } of this.#store.list(indexPrefix)) {
      hashes.push(parseHash(key.slice(indexPrefix.length)));
    }
    return hashes;
  }

  async #load(hash: Hash): Promise<PackIndex | undefined> {
    let copy: PackIndex | undefined;
    const object = await this.#store.get(this.#layout.index(hash), undefined, (bytes) => {
      copy = PackIndex.ofCopy(bytes, hash);
      return copy !== undefined;
    });
    return object && (copy ?? PackIndex.parse(object.bytes, hash));
  }

  /** Takes in an index that this process has just stored. */
  add(index: PackIndex): void {
    this.#indexes.set(index.hash, { index, seenMs: this.#clock.now() });
  }

  /**
   * Merges a size class of indexes that has grown too long into one index: stores that, then deletes the old ones.
   * Killed in between, or done by two processes at once, it leaves an object named twice, which harms nobody.
   */
  async mergeWhereMany(sideBySideMax = indexesPerLevelMax): Promise<void> {
    if (this.#indexes.size <= sideBySideMax) return;
    if (this.ageMs > indexAgeMsMax) await this.refresh();
    const levels = new Map<number, PackIndex[]>();
    for (const { index } of this.#indexes.values()) {
      const level = Math.floor(Math.log(index.entryCount + 1) / Math.log(levelFactor));
      levels.set(level, [...(levels.get(level) ?? []), index]);
    }
    for (const members of levels.values()) {
      const entries = members.reduce((sum, { entryCount }) => sum + entryCount, 0);
      if (members.length > sideBySideMax && entries <= indexEntriesMax)
        await this.#replace(members, this.#seenMsOf(members));
    }
  }

  /**
   * Merges the small indexes of the store when they are many, whether this process knows them or not: for writers that
   * don't load indexes, which are large where there is much.
   */
  async mergeSmall(): Promise<void> {
    const listedMs = this.#clock.now();
    const small = await this.#listSmall(smallIndexBytesMax);
    if (small.length <= indexesPerLevelMax) return;
    // Where one is gone, somebody else is merging them: the first one tells before all are read.
    const first = await this.#load(small[0]!);
    if (first === undefined) return;
    const others = await Promise.all(small.slice(1).map((hash) => this.#load(hash)));
    const members = others.filter((index) => index !== undefined);
    if (members.length === others.length) await this.#replace([first, ...members], listedMs);
  }

  /**
   * Looks among what was stored or moved of late, unless all indexes are loaded: it is in small indexes, and those that
   * are large take long to load. A pack that it names may have gone.
   */
  async lookupRecent(raw: Buffer): Promise<Location | undefined> {
    if (this.isLoaded) return undefined;
    const known = lookupIn(this.#recent.values(), raw);
    if (known !== undefined) return known;
    const listed = await this.#listSmall(recentIndexBytesMax);
    const indexes = await Promise.all(listed.map((hash) => this.#recent.get(hash) ?? this.#load(hash)));
    this.#recent = new Map(
      indexes.filter((index) => index !== undefined).map((index) => [index.hash, index]),
    );
    return lookupIn(this.#recent.values(), raw);
  }

  /** The names of indexes of at most `bytesMax` bytes, as many as may be read at once. */
  async #listSmall(bytesMax: number): Promise<Hash[]> {
    const small: Hash[] = [];
    for await (const { key, size } of this.#store.list(this.#layout.indexPrefix)) {
      if (size <= bytesMax) small.push(parseHash(key.slice(this.#layout.indexPrefix.length)));
    }
    return small.slice(0, smallIndexesMax);
  }

  /** Takes packs out of all indexes that are loaded. Throws `blob/too-slow` when these are not of the last hour. */
  async takeOut(packs: ReadonlySet<Hash>): Promise<void> {
    const old = this.all.filter((index) => index.packs.some((pack) => packs.has(pack)));
    if (old.length === 0 || (await this.#replace(old, this.#seenMsOf(old), packs))) return;
    throw new BlobError(
      'blob/too-slow',
      'What was read of the indexes was too old before it could be written again. Nothing was lost; try again.',
    );
  }

  #seenMsOf(indexes: readonly PackIndex[]): number {
    return Math.min(
      ...indexes.map(({ hash }) => this.#indexes.get(hash)?.seenMs ?? Number.NEGATIVE_INFINITY),
    );
  }

  /**
   * Stores one index of what `old` name, except the packs `without`, in their place; they are deleted afterwards. Does
   * nothing, and answers false, when `seenMs`, at which the store certainly had them, is long ago: they may name packs
   * that a collection has taken out of the indexes since, and might soon delete.
   */
  async #replace(old: readonly PackIndex[], seenMs: number, without?: ReadonlySet<Hash>): Promise<boolean> {
    const merged = mergeIndexes(old, this.#random.bytes(packNonceBytes), without);
    if (this.#clock.now() - seenMs > mergeAgeMsMax) return false;
    if (merged !== undefined) {
      await this.#store.put(this.#layout.index(merged.hash), merged.bytes);
      // It says what they said, and is no newer than they are.
      this.#indexes.set(merged.hash, { index: merged, seenMs });
    }
    await Promise.all(old.map(({ hash }) => this.#store.delete(this.#layout.index(hash))));
    for (const { hash } of old) this.#indexes.delete(hash);
    return true;
  }
}

function lookupIn(indexes: Iterable<PackIndex>, raw: Buffer): Location | undefined {
  for (const index of indexes) {
    const location = index.lookup(raw);
    if (location !== undefined) return location;
  }
  return undefined;
}
