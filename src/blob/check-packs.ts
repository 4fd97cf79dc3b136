import { crc32 } from 'node:zlib';
import { type Hash, hashOf, parseHash } from '../base/hash.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectKey, ObjectStore } from '../storage/object-store.ts';
import { BlobError } from './blob-error.ts';
import type { BlobStore } from './blob-store.ts';
import { decompress } from './compression.ts';
import type { BlobLayout } from './layout.ts';
import type { FrameLocation, IndexEntry, PackIndex } from './pack-index.ts';
import { hasPackHead, readPackIndex } from './pack-reader.ts';

/** A place in the store that is not as it was written. */
export interface PackDamage {
  readonly pack: Hash;
  /** The object that cannot be read, or undefined when it is the pack itself that is not as it was written. */
  readonly object: Hash | undefined;
  readonly reason: string;
}

export interface PacksChecked {
  readonly packs: number;
  readonly objects: number;
  readonly bytes: number;
  readonly damage: readonly PackDamage[];
}

/**
 * Reads every pack from one end to the other and checks each byte of it: the frames by their checksums, the objects by
 * their hashes.
 */
export async function checkPacks(
  blobs: BlobStore,
  onProgress: (packs: number) => void = () => {},
): Promise<PacksChecked> {
  const damage: PackDamage[] = [];
  const present = new Set<Hash>();
  let objects = 0;
  let bytes = 0;
  await blobs.indexes.refresh();
  for await (const { key, size } of blobs.store.list(blobs.layout.packPrefix)) {
    const pack = parseHash(key.slice(blobs.layout.packPrefix.length));
    const alone = await readAlone(blobs.store, key);
    // A collection may have removed it since it was listed.
    if (alone === undefined) continue;
    present.add(pack);
    bytes += size;
    const { index, reasons } = await checkEnds(alone, blobs.layout, pack);
    damage.push(...reasons.map((reason) => ({ pack, object: undefined, reason })));
    const entries = index === undefined ? indexedIn(blobs, pack) : [...index.entries()];
    objects += entries.length;
    damage.push(...(await checkEntries(alone, blobs.layout, pack, entries)));
    onProgress(present.size);
  }
  for (const index of blobs.indexes.all) {
    for (const pack of index.packs) {
      if (!present.has(pack))
        damage.push({ pack, object: undefined, reason: 'an index names it, and it is not there' });
    }
  }
  return { packs: present.size, objects, bytes, damage };
}

/** An object by itself, read with one request; undefined where there is none. */
async function readAlone(store: ObjectStore, key: ObjectKey): Promise<ObjectStore | undefined> {
  const stored = await store.get(key);
  if (stored === undefined) return undefined;
  const alone = new MemoryStore();
  await alone.put(key, stored.bytes);
  return alone;
}

/** The index that a pack ends with, and what is not right before and behind the frames. */
async function checkEnds(
  store: ObjectStore,
  layout: BlobLayout,
  pack: Hash,
): Promise<{ readonly index: PackIndex | undefined; readonly reasons: readonly string[] }> {
  const reasons: string[] = [];
  const unless = async <T>(reading: Promise<T>, reason: string): Promise<T | undefined> => {
    const result = await reading.catch((error: unknown) => {
      if (!(error instanceof BlobError)) throw error;
      return undefined;
    });
    if (!result) reasons.push(reason);
    return result;
  };
  await unless(hasPackHead(store, layout, pack), 'it does not begin as a pack does');
  const index = await unless(readPackIndex(store, layout, pack), 'its own index is damaged');
  return { index, reasons };
}

async function checkEntries(
  store: ObjectStore,
  layout: BlobLayout,
  pack: Hash,
  entries: readonly IndexEntry[],
): Promise<PackDamage[]> {
  const damage: PackDamage[] = [];
  const byFrame = Map.groupBy(entries, (entry) => entry.frame.start);
  for (const inFrame of byFrame.values()) {
    const { frame } = inFrame[0]!;
    const where = `bytes ${frame.start} to ${frame.end}`;
    const stored = await store.get(layout.pack(pack), frame);
    const plain = stored && plainOf(frame, stored.bytes);
    let whole = 0;
    for (const { hash, offset, length } of inFrame) {
      if (plain !== undefined && hashOf(plain.subarray(offset, offset + length)) === hash) whole++;
      else damage.push({ pack, object: hash, reason: `${where} do not hold it` });
    }
    if (whole === inFrame.length && crc32(stored!.bytes) !== frame.checksum)
      damage.push({
        pack,
        object: undefined,
        reason: `${where} are not what was written, but can still be read`,
      });
  }
  return damage;
}

function plainOf(frame: FrameLocation, stored: Uint8Array): Buffer | undefined {
  try {
    return decompress(stored, frame.size, `Pack ${frame.pack}`);
  } catch {
    return undefined;
  }
}

function indexedIn(blobs: BlobStore, pack: Hash): IndexEntry[] {
  return blobs.indexes.all.flatMap((index) =>
    [...index.entries()].filter((entry) => entry.frame.pack === pack),
  );
}
