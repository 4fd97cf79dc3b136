import { type Hash, hashOf, parseHash } from '../base/hash.ts';
import type { BlobStore } from './blob-store.ts';
import { decompress } from './compression.ts';
import type { IndexEntry } from './pack-index.ts';
import { readPackIndex } from './pack-reader.ts';

/** A place in the store that is not as it was written. */
export interface PackDamage {
  readonly pack: Hash;
  /** The object that cannot be read, or undefined when it is the pack's own index. */
  readonly object: Hash | undefined;
  readonly reason: string;
}

export interface PacksChecked {
  readonly packs: number;
  readonly objects: number;
  readonly bytes: number;
  readonly damage: readonly PackDamage[];
}

/** Reads every pack from one end to the other and checks each object in it against its hash. */
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
    present.add(pack);
    bytes += size;
    const index = await readPackIndex(blobs.store, blobs.layout, pack).catch(() => undefined);
    if (index === undefined) damage.push({ pack, object: undefined, reason: 'its own index is damaged' });
    const entries = index === undefined ? indexedIn(blobs, pack) : [...index.entries()];
    objects += entries.length;
    damage.push(...(await checkEntries(blobs, pack, entries)));
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

async function checkEntries(
  blobs: BlobStore,
  pack: Hash,
  entries: readonly IndexEntry[],
): Promise<PackDamage[]> {
  const damage: PackDamage[] = [];
  const byFrame = Map.groupBy(entries, (entry) => entry.frame.start);
  for (const inFrame of byFrame.values()) {
    const { start, end, size } = inFrame[0]!.frame;
    let plain: Buffer | undefined;
    try {
      const stored = await blobs.store.get(blobs.layout.pack(pack), { start, end });
      plain = stored && decompress(stored.bytes, size, `Pack ${pack}`);
    } catch {
      plain = undefined;
    }
    for (const { hash, offset, length } of inFrame) {
      const whole = plain !== undefined && hashOf(plain.subarray(offset, offset + length)) === hash;
      if (!whole) damage.push({ pack, object: hash, reason: `bytes ${start} to ${end} do not hold it` });
    }
  }
  return damage;
}

function indexedIn(blobs: BlobStore, pack: Hash): IndexEntry[] {
  return blobs.indexes.all.flatMap((index) =>
    [...index.entries()].filter((entry) => entry.frame.pack === pack),
  );
}
