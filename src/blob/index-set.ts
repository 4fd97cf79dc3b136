import type { Clock } from '../base/clock.ts';
import { type Hash, parseHash } from '../base/hash.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { BlobLayout } from './layout.ts';
import { type IndexEntry, type Location, PackIndex, packNonceBytes } from './pack-index.ts';

/** An index that stands for several packs names no pack of its own, and two that say the same may be one. */
const noNonce = new Uint8Array(packNonceBytes);

/** How many indexes of one size class may stand side by side before they are merged into one. */
const indexesPerLevelMax = 32;
/** Indexes with fewer entries than this are one size class; each further class is this many times larger. */
const levelFactor = 4096;

/**
 * All pack indexes of a project, as far as this process has seen them. Indexes are immutable; new ones appear as packs
 * are written, and small ones are merged into larger ones from time to time, so that there are never many to search.
 */
export class IndexSet {
  readonly #store: ObjectStore;
  readonly #layout: BlobLayout;
  readonly #clock: Clock;
  #indexes = new Map<Hash, PackIndex>();
  #refreshing: Promise<void> | undefined;
  /** When the indexes were last listed, ms since the epoch. */
  #listedMs = Number.NEGATIVE_INFINITY;

  constructor(store: ObjectStore, layout: BlobLayout, clock: Clock) {
    this.#clock = clock;
    this.#store = store;
    this.#layout = layout;
  }

  /** Looks in the indexes that are loaded. `raw` is the hash as 32 bytes. */
  lookup(raw: Buffer): Location | undefined {
    for (const index of this.#indexes.values()) {
      const location = index.lookup(raw);
      if (location !== undefined) return location;
    }
    return undefined;
  }

  /** `lookup`, but in none of the packs `without`. */
  lookupOutside(raw: Buffer, without: ReadonlySet<Hash>): Location | undefined {
    for (const index of this.#indexes.values()) {
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
    return [...this.#indexes.values()];
  }

  /** Loads the indexes unless that was done before. */
  async ensureLoaded(): Promise<void> {
    if (this.#listedMs === Number.NEGATIVE_INFINITY) await this.refresh();
  }

  /** Loads the indexes that appeared since the last time, and forgets those that are gone. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const listedMs = this.#clock.now();
    const present = new Map<Hash, PackIndex>();
    const missing: Hash[] = [];
    for await (const { key } of this.#store.list(this.#layout.indexPrefix)) {
      const hash = parseHash(key.slice(this.#layout.indexPrefix.length));
      const known = this.#indexes.get(hash);
      if (known === undefined) missing.push(hash);
      else present.set(hash, known);
    }
    const loaded = await Promise.all(missing.map((hash) => this.#load(hash)));
    // An index that went away between the listing and its reading was merged into one that the next refresh finds;
    // what this process knew of it stays usable, since packs outlive their indexes.
    if (loaded.includes(undefined)) for (const [hash, index] of this.#indexes) present.set(hash, index);
    for (const index of loaded) if (index !== undefined) present.set(index.hash, index);
    this.#indexes = present;
    this.#listedMs = listedMs;
  }

  async #load(hash: Hash): Promise<PackIndex | undefined> {
    const object = await this.#store.get(this.#layout.index(hash));
    return object && PackIndex.parse(object.bytes, hash);
  }

  /** Takes in an index that this process has just stored. */
  add(index: PackIndex): void {
    this.#indexes.set(index.hash, index);
  }

  /**
   * Merges a size class of indexes that has grown too long into one index: stores that, then deletes the old ones.
   * Killed in between, or done by two processes at once, it leaves an object named twice, which harms nobody.
   */
  async mergeWhereMany(): Promise<void> {
    const levels = new Map<number, PackIndex[]>();
    for (const index of this.#indexes.values()) {
      const level = Math.floor(Math.log(index.entryCount + 1) / Math.log(levelFactor));
      levels.set(level, [...(levels.get(level) ?? []), index]);
    }
    for (const members of levels.values()) {
      if (members.length > indexesPerLevelMax) await this.replace(members, mergedEntries(members));
    }
  }

  /** Stores one index of `entries` in place of `old`, which are deleted afterwards. */
  async replace(old: readonly PackIndex[], entries: readonly IndexEntry[]): Promise<void> {
    const merged = entries.length === 0 ? undefined : PackIndex.build(entries, noNonce);
    if (merged !== undefined) {
      await this.#store.put(this.#layout.index(merged.hash), merged.bytes);
      this.#indexes.set(merged.hash, merged);
    }
    for (const { hash } of old) {
      if (hash === merged?.hash) continue;
      await this.#store.delete(this.#layout.index(hash));
      this.#indexes.delete(hash);
    }
  }
}

function mergedEntries(indexes: readonly PackIndex[]): IndexEntry[] {
  const entries = new Map<Hash, IndexEntry>();
  for (const index of indexes) for (const entry of index.entries()) entries.set(entry.hash, entry);
  return [...entries.values()];
}
