import { type Hash, parseHash } from '../base/hash.ts';
import type { ObjectInfo } from '../storage/object-store.ts';
import { BlobError } from './blob-error.ts';
import type { BlobStore } from './blob-store.ts';
import type { ObjectKind } from './layout.ts';
import { PackIndex, packNonceBytes } from './pack-index.ts';
import { readPackIndex } from './pack-reader.ts';
import { verifyPack } from './verify-pack.ts';

export interface PacksCopied {
  readonly packs: number;
  /** Objects in these packs, and bytes of them. */
  readonly objects: number;
  readonly bytes: number;
  /** Packs that are not as they were written, and stayed behind. */
  readonly damaged: readonly { readonly pack: Hash; readonly reason: string }[];
}

export interface CopyPacksOptions {
  readonly mode: 'copy' | 'dry run';
  /** `new`: only those of the last day, which a collection of `to` cannot have deleted yet. */
  readonly which: 'all' | 'new';
  /** Told after each pack, of those that are to be copied. */
  readonly onProgress?: (packs: number, packsTotal: number) => void;
}

/** Packs on their way at once: each is in memory as a whole (12 MiB and a little), once. */
const packsAtOnceMax = 4;
/** How old a new pack is at most, in ms: half of what a collection waits, in two steps, before it deletes a pack. */
const newMsMax = 24 * 60 * 60 * 1000;

/**
 * Copies what the indexes of one project's store name and another's lack, pack by pack, each verified to the last byte
 * and followed by an index: an object exists in `to` once all of it is there. Packs keep their names, which the hints in
 * other packs give; so a copy that was killed goes on where it stopped, and two at once write the same. Since the name of
 * a pack that was deleted must not be used again, `all` is only for a `to` that nobody has collected. Nothing is taken
 * from packs that `from` or `to` has condemned, nor from damaged ones. `writeObjects` is for what is needed besides.
 */
export async function copyPacks(
  from: BlobStore,
  to: BlobStore,
  { mode, which, onProgress = () => {} }: CopyPacksOptions,
): Promise<PacksCopied> {
  await Promise.all([from.indexes.refresh(), to.indexes.refresh()]);
  const since = which === 'new' ? from.clock.now() - newMsMax : Number.NEGATIVE_INFINITY;
  const wanted = await missingPacks(from, to, since);
  const counts = { packs: 0, objects: 0, bytes: 0 };
  const damaged: { pack: Hash; reason: string }[] = [];
  const next = wanted.values();
  const copier = async (): Promise<void> => {
    for (const missing of next) {
      const outcome: PackOutcome =
        mode === 'copy' ? await copyPack(from, to, missing) : { outcome: 'copied', objects: 0 };
      if (outcome.outcome === 'damaged') damaged.push({ pack: missing.pack, reason: outcome.reason });
      if (outcome.outcome !== 'copied') continue;
      counts.packs++;
      counts.objects += outcome.objects;
      counts.bytes += missing.place === 'absent' ? missing.size : 0;
      onProgress(counts.packs, wanted.length);
    }
  };
  await allSettled(Array.from({ length: packsAtOnceMax }, copier));
  if (mode === 'copy' && wanted.length > 0) await to.indexes.mergeWhereMany();
  return { ...counts, damaged };
}

interface MissingPack {
  readonly pack: Hash;
  readonly size: number;
  /** `unindexed`: a copy that was killed has left the pack there, without its index. */
  readonly place: 'absent' | 'unindexed';
}

/** The packs written since `sinceMs` that `from` has indexed, and that hold something which `to` lacks. */
async function missingPacks(from: BlobStore, to: BlobStore, sinceMs: number): Promise<MissingPack[]> {
  const [listed, present, leaving] = await Promise.all([
    listByHash(from, from.layout.packPrefix),
    listByHash(to, to.layout.packPrefix),
    condemnedPacks(from),
  ]);
  // Listed last: a collection removes the mark of a pack after the pack.
  const condemned = await condemnedPacks(to);
  const indexed = new Set(to.indexes.all.flatMap(({ packs }) => packs));
  const candidates = new Map<Hash, MissingPack>();
  for (const pack of new Set(from.indexes.all.flatMap(({ packs }) => packs))) {
    const found = listed.get(pack);
    const isThere = present.has(pack);
    if (found === undefined || leaving.has(pack) || condemned.has(pack) || (isThere && indexed.has(pack)))
      continue;
    if (!isThere && found.modifiedMs < sinceMs) continue;
    candidates.set(pack, { pack, size: found.size, place: isThere ? 'unindexed' : 'absent' });
  }
  const lost = new Set([...indexed].filter((pack) => !present.has(pack)));
  return [...withoutWhatIsThere(from, to, candidates, condemned.union(lost))];
}

/** Those of the packs that hold an object which `to` has in none of its packs, or only in packs `without`. */
function withoutWhatIsThere(
  from: BlobStore,
  to: BlobStore,
  candidates: ReadonlyMap<Hash, MissingPack>,
  without: ReadonlySet<Hash>,
): ReadonlySet<MissingPack> {
  const lacking = new Set<MissingPack>();
  if (candidates.size === 0) return lacking;
  for (const index of from.indexes.all) {
    for (const { hash, frame } of index.entries()) {
      const pack = candidates.get(frame.pack);
      if (pack === undefined || lacking.has(pack)) continue;
      if (to.indexes.lookupOutside(Buffer.from(hash, 'hex'), without) === undefined) lacking.add(pack);
    }
  }
  return lacking;
}

/** The packs that a collection is going to delete: nothing new may rely on them. */
export async function condemnedPacks(blobs: BlobStore): Promise<ReadonlySet<Hash>> {
  return new Set((await listByHash(blobs, blobs.layout.condemnedPrefix)).keys());
}

async function listByHash({ store }: BlobStore, prefix: string): Promise<Map<Hash, ObjectInfo>> {
  const listed = new Map<Hash, ObjectInfo>();
  for await (const info of store.list(prefix)) listed.set(parseHash(info.key.slice(prefix.length)), info);
  return listed;
}

type PackOutcome =
  | { readonly outcome: 'copied'; readonly objects: number }
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'damaged'; readonly reason: string };

async function copyPack(from: BlobStore, to: BlobStore, { pack, place }: MissingPack): Promise<PackOutcome> {
  try {
    const own = place === 'unindexed' ? await readPackIndex(to.store, to.layout, pack) : undefined;
    const index = own ?? (await putPack(from, to, pack));
    // A collection has rewritten it since it was listed. What is needed of it is in the indexes of now.
    if (index === undefined) return { outcome: 'gone' };
    // Not under the name of the pack: somebody who has merged that index here before may be about to delete it.
    const named = PackIndex.build([...index.entries()], to.random.bytes(packNonceBytes));
    await to.store.put(to.layout.index(named.hash), named.bytes);
    to.indexes.add(named);
    return { outcome: 'copied', objects: named.entryCount };
  } catch (error) {
    if (!(error instanceof BlobError) || error.code !== 'blob/corrupt') throw error;
    return { outcome: 'damaged', reason: error.message };
  }
}

async function putPack(from: BlobStore, to: BlobStore, pack: Hash) {
  const stored = await from.store.get(from.layout.pack(pack));
  if (stored === undefined) return undefined;
  const index = verifyPack(stored.bytes, pack);
  await to.store.put(to.layout.pack(pack), stored.bytes);
  return index;
}

/** An object that is to be written, verified by whoever has read it. */
export interface NamedObject {
  readonly hash: Hash;
  readonly kind: ObjectKind;
  readonly bytes: Buffer;
}

/** Writes objects into packs of their own, also those that `to` has in a pack which is going to be deleted. */
export async function writeObjects(
  to: BlobStore,
  objects: AsyncIterable<NamedObject>,
): Promise<{ readonly objects: number; readonly bytes: number }> {
  const batch = await to.openBatch();
  for await (const { hash, bytes, kind } of objects) {
    batch.addAgain(hash, bytes, kind);
    const busy = batch.backpressure();
    if (busy) await busy;
  }
  await batch.flush();
  return { objects: batch.newObjects, bytes: batch.newBytes };
}

/** Waits for all, and then throws what the first of them threw. */
async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}
