import type { Hash } from '../base/hash.ts';
import type { ObjectKey, ObjectStore } from '../storage/object-store.ts';
import { BlobError } from './blob-error.ts';
import type { BlobLayout } from './layout.ts';
import { PackIndex } from './pack-index.ts';
import { packFooterBytes, packMagic } from './pack-writer.ts';

/**
 * The index that the pack `hash` carries at its own end; undefined where there is no such pack or it does not end as a
 * pack does. Throws `blob/corrupt` when the index is damaged, and `blob/format-unknown` for a pack of another version.
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
    if (footer?.length !== packFooterBytes || !isPackMagic(footer.subarray(4), hash)) return undefined;
    const bytes = await readRange(store, key, footerStart - footer.readUInt32LE(0), footerStart);
    return bytes && PackIndex.parse(bytes, hash);
  }
  return undefined;
}

/** Whether the pack `hash` begins with its magic number, as every pack does. Throws as `readPackIndex` does. */
export async function hasPackHead(store: ObjectStore, layout: BlobLayout, hash: Hash): Promise<boolean> {
  const head = await readRange(store, layout.pack(hash), 0, packMagic.length);
  return head !== undefined && isPackMagic(head, hash);
}

/** False for what is no magic number at all; throws `blob/format-unknown` for that of another version. */
function isPackMagic(bytes: Buffer, hash: Hash): boolean {
  if (bytes.equals(packMagic)) return true;
  if (bytes.length === packMagic.length && bytes.subarray(0, 6).equals(packMagic.subarray(0, 6))) {
    throw new BlobError(
      'blob/format-unknown',
      `Pack ${hash} has a format that this version does not know. Update Micelio.`,
    );
  }
  return false;
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
