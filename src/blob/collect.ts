import { type Hash, parseHash } from '../base/hash.ts';
import type { HashSet } from '../base/hash-set.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { BlobStore } from './blob-store.ts';
import type { IndexEntry } from './pack-index.ts';
import { readPackIndex } from './pack-reader.ts';

export interface CollectOptions {
  /** Nothing younger than this, in ms, is touched: it may be about to be referred to. */
  readonly graceMs: number;
  /** Tells what would be done, and does nothing. */
  readonly mode: 'collect' | 'dry run';
}

export interface Collected {
  /** Packs that were deleted for good, and the bytes that this freed. */
  readonly deletedPacks: number;
  readonly deletedBytes: number;
  /** Packs that are no longer used and will be deleted by a collection after the grace period. */
  readonly condemnedPacks: number;
  readonly condemnedBytes: number;
  /** Objects that were still needed and moved out of condemned packs. */
  readonly movedObjects: number;
}

/** A pack of which less than this part is needed is rewritten. */
const usedPartMin = 0.5;
/** What an object counts for besides its bytes: the empty file is an object too. */
const entryWeight = 64;

interface Pack {
  readonly hash: Hash;
  readonly size: number;
  readonly modifiedMs: number;
  readonly entries: IndexEntry[];
}

/**
 * Deletes what is not in `needed`, in two steps that lie a grace period apart, so that writers need no lock
 * (`docs/formats/packs.md`, "Collection"):
 *
 * 1. A pack that is hardly needed is condemned and taken out of the indexes; what is needed of it moves to a new pack.
 *    Writers that read the indexes from now on no longer build upon it; those that did before are done within the
 *    grace period.
 * 2. A pack that was condemned a grace period ago is deleted, unless something in it is needed after all: then it is
 *    indexed again.
 *
 * Killed at any point, it leaves everything readable; run by several at once, it does the work twice.
 */
export async function collectPacks(
  blobs: BlobStore,
  needed: HashSet,
  options: CollectOptions,
): Promise<Collected> {
  await blobs.indexes.refresh();
  const collection = new Collection(blobs, needed, options);
  return collection.run();
}

class Collection {
  readonly #blobs: BlobStore;
  readonly #store: ObjectStore;
  readonly #needed: HashSet;
  readonly #options: CollectOptions;
  readonly #counts = {
    deletedPacks: 0,
    deletedBytes: 0,
    condemnedPacks: 0,
    condemnedBytes: 0,
    movedObjects: 0,
  };

  constructor(blobs: BlobStore, needed: HashSet, options: CollectOptions) {
    this.#blobs = blobs;
    this.#store = blobs.store;
    this.#needed = needed;
    this.#options = options;
  }

  async run(): Promise<Collected> {
    const packs = await this.#packs();
    const condemned = await this.#condemned();
    const unused: Pack[] = [];
    for (const pack of packs.values()) {
      const since = condemned.get(pack.hash);
      const old = this.#isOld(since ?? pack.modifiedMs);
      if (since === undefined && old && !this.#isUsed(pack)) unused.push(pack);
      // It is still in an index, because a collection was killed or another process merged what it had read before:
      // it is taken out again, and its time begins anew.
      else if (since !== undefined && pack.entries.length > 0) unused.push(pack);
      else if (since !== undefined && old) await this.#deletePack(pack);
    }
    for (const hash of condemned.keys()) {
      if (!packs.has(hash) && this.#options.mode === 'collect')
        await this.#store.delete(this.#blobs.layout.condemned(hash));
    }
    await this.#condemn(unused);
    return this.#counts;
  }

  async #packs(): Promise<Map<Hash, Pack>> {
    const packs = new Map<Hash, Pack>();
    for await (const { key, size, modifiedMs } of this.#store.list(this.#blobs.layout.packPrefix)) {
      const hash = parseHash(key.slice(this.#blobs.layout.packPrefix.length));
      packs.set(hash, { hash, size, modifiedMs, entries: [] });
    }
    for (const index of this.#blobs.indexes.all) {
      for (const entry of index.entries()) packs.get(entry.frame.pack)?.entries.push(entry);
    }
    return packs;
  }

  /** The condemned packs, and since when. */
  async #condemned(): Promise<Map<Hash, number>> {
    const condemned = new Map<Hash, number>();
    const { condemnedPrefix } = this.#blobs.layout;
    for await (const { key, modifiedMs } of this.#store.list(condemnedPrefix)) {
      condemned.set(parseHash(key.slice(condemnedPrefix.length)), modifiedMs);
    }
    return condemned;
  }

  #isOld(sinceMs: number): boolean {
    return this.#blobs.clock.now() - sinceMs >= this.#options.graceMs;
  }

  #isUsed({ entries }: Pack): boolean {
    let used = 0;
    let total = 0;
    for (const entry of entries) {
      const weight = entry.length + entryWeight;
      total += weight;
      if (this.#isNeeded(entry)) used += weight;
    }
    return used > 0 && used >= total * usedPartMin;
  }

  #isNeeded({ hash }: IndexEntry): boolean {
    return this.#needed.has(Buffer.from(hash, 'hex'));
  }

  async #condemn(unused: readonly Pack[]): Promise<void> {
    for (const { size } of unused) {
      this.#counts.condemnedPacks++;
      this.#counts.condemnedBytes += size;
    }
    if (unused.length === 0 || this.#options.mode === 'dry run') return;
    const victims = new Set(unused.map(({ hash }) => hash));
    await this.#moveNeeded(unused, victims);
    const old = this.#blobs.indexes.all.filter((index) => index.packs.some((pack) => victims.has(pack)));
    const kept = new Map<Hash, IndexEntry>();
    for (const index of old) {
      for (const entry of index.entries()) if (!victims.has(entry.frame.pack)) kept.set(entry.hash, entry);
    }
    // Marked before, so that who still builds upon a pack can read it at any moment; and again, for its time begins now.
    await this.#mark(victims);
    await this.#blobs.indexes.replace(old, [...kept.values()]);
    await this.#mark(victims);
  }

  async #mark(victims: ReadonlySet<Hash>): Promise<void> {
    for (const hash of victims)
      await this.#store.put(this.#blobs.layout.condemned(hash), Buffer.from('condemned\n'));
  }

  /** Writes what is needed of `unused` packs once more, into new ones. */
  async #moveNeeded(unused: readonly Pack[], victims: ReadonlySet<Hash>): Promise<void> {
    const batch = await this.#blobs.openBatch();
    for (const pack of unused) {
      for (const entry of pack.entries) {
        if (!this.#isNeeded(entry)) continue;
        const elsewhere = this.#blobs.indexes.lookupOutside(Buffer.from(entry.hash, 'hex'), victims);
        if (elsewhere !== undefined) continue;
        batch.addAgain(entry.hash, await this.#blobs.get(entry.hash), 'blob');
        this.#counts.movedObjects++;
        const busy = batch.backpressure();
        if (busy) await busy;
      }
    }
    await batch.flush();
  }

  async #deletePack(pack: Pack): Promise<void> {
    if (await this.#isNeededAfterAll(pack)) return;
    this.#counts.deletedPacks++;
    this.#counts.deletedBytes += pack.size;
    if (this.#options.mode === 'dry run') return;
    await this.#store.delete(this.#blobs.layout.pack(pack.hash));
    await this.#store.delete(this.#blobs.layout.condemned(pack.hash));
  }

  /** A writer may have built upon the pack just before it was condemned: then it is indexed again. */
  async #isNeededAfterAll({ hash }: Pack): Promise<boolean> {
    const index = await readPackIndex(this.#store, this.#blobs.layout, hash);
    if (index === undefined) return false;
    const missing = [...index.entries()].some(
      (entry) =>
        this.#isNeeded(entry) && this.#blobs.indexes.lookup(Buffer.from(entry.hash, 'hex')) === undefined,
    );
    if (missing && this.#options.mode === 'collect') {
      await this.#store.put(this.#blobs.layout.index(index.hash), index.bytes);
      this.#blobs.indexes.add(index);
      await this.#store.delete(this.#blobs.layout.condemned(hash));
    }
    return missing;
  }
}
