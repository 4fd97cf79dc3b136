import type { Hash } from '../base/hash.ts';
import type { ObjectKey, ObjectStore } from '../storage/object-store.ts';
import type { BlobLayout } from './layout.ts';
import { PackIndex } from './pack-index.ts';
import { packFooterBytes, packMagic } from './pack-writer.ts';

/**
 * The index that the pack `hash` carries at its own end; undefined where there is no such pack or it does not end as a
 * pack does. Throws `blob/corrupt` when the index is damaged.
 */
export async function readPackIndex(
  store: ObjectStore,
  layout: BlobLayout,
  hash: Hash,
): Promise<PackIndex | undefined> {
  const key = layout.pack(hash);
  for await (const { key: found, size } of store.list(key)) {
    if (found !== key) continue;
    const footerStart = size - packFooterBytes;
    const footer = await readRange(store, key, footerStart, size);
    if (footer?.length !== packFooterBytes || !footer.subarray(4).equals(packMagic)) return undefined;
    const bytes = await readRange(store, key, footerStart - footer.readUInt32LE(0), footerStart);
    return bytes && PackIndex.parse(bytes, hash);
  }
  return undefined;
}

async function readRange(
  store: ObjectStore,
  key: ObjectKey,
  start: number,
  end: number,
): Promise<Buffer | undefined> {
  if (start < 0) return undefined;
  const stored = await store.get(key, { start, end });
  return stored && Buffer.from(stored.bytes.buffer, stored.bytes.byteOffset, stored.bytes.byteLength);
}
