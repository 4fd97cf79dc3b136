import { type Hash, hashBytes, hashFromBytes, hashOf, writeHash } from '../base/hash.ts';
import { BlobError } from './blob-error.ts';

/** A piece of a large file: `size` bytes of the file, named by a chunk (level 0) or by a manifest one level below. */
export interface ManifestItem {
  readonly hash: Hash;
  readonly size: number;
}

/** Names the pieces of a large file in their order (`docs/formats/large-files.md`). */
export interface Manifest {
  /** 0: the items are chunks. n: they are manifests of level n − 1. */
  readonly level: number;
  readonly items: readonly ManifestItem[];
}

const magic = Buffer.from('MICMAN\0\x01', 'latin1');
const headerBytes = 12;
const itemBytes = hashBytes + 8;

/** Cuts between manifests come from the items' hashes, as cuts between chunks come from the bytes. */
const itemsMin = 64;
const itemsMax = 1024;
const cutMask = 0xff;

export function encodeManifest({ level, items }: Manifest): Buffer {
  const bytes = Buffer.alloc(headerBytes + items.length * itemBytes);
  magic.copy(bytes);
  bytes.writeUInt32LE(level, magic.length);
  let position = headerBytes;
  for (const { hash, size } of items) {
    position = writeHash(bytes, hash, position);
    bytes.writeBigUInt64LE(BigInt(size), position);
    position += 8;
  }
  return bytes;
}

/** Throws `blob/corrupt` or `blob/format-unknown` for bytes that are no manifest. `hash` is for the message. */
export function decodeManifest(bytes: Buffer, hash: Hash): Manifest {
  if (bytes.length < headerBytes || !bytes.subarray(0, 6).equals(magic.subarray(0, 6))) throw damaged(hash);
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new BlobError(
      'blob/format-unknown',
      `Manifest ${hash} has a format that this version does not know. Update Micelio.`,
    );
  }
  if ((bytes.length - headerBytes) % itemBytes !== 0) throw damaged(hash);
  const items: ManifestItem[] = [];
  for (let position = headerBytes; position < bytes.length; position += itemBytes) {
    items.push({
      hash: hashFromBytes(bytes, position),
      size: Number(bytes.readBigUInt64LE(position + hashBytes)),
    });
  }
  return { level: bytes.readUInt32LE(magic.length), items };
}

function damaged(hash: Hash): BlobError {
  return new BlobError(
    'blob/corrupt',
    `Object ${hash} should be the manifest of a large file and is not. Run "mic store fsck".`,
  );
}

/**
 * Builds the manifests over a file's chunks, level by level, and returns the top one. History-independent: the same
 * chunks give the same manifests. Every manifest is handed to `write`, those below before those above.
 */
export function buildManifest(chunks: readonly ManifestItem[], write: (bytes: Buffer) => void): Hash {
  let items = chunks;
  for (let level = 0; ; level++) {
    const next: ManifestItem[] = [];
    for (const group of groupsOf(items)) {
      const bytes = encodeManifest({ level, items: group });
      write(bytes);
      next.push({ hash: hashOf(bytes), size: group.reduce((sum, item) => sum + item.size, 0) });
    }
    if (next.length === 1) return next[0]!.hash;
    items = next;
  }
}

function* groupsOf(items: readonly ManifestItem[]): Generator<readonly ManifestItem[]> {
  let start = 0;
  for (let i = 0; i < items.length; i++) {
    const length = i + 1 - start;
    const cut = (Number.parseInt(items[i]!.hash.slice(0, 4), 16) & cutMask) === 0;
    if (length >= itemsMax || (length >= itemsMin && cut)) {
      yield items.slice(start, i + 1);
      start = i + 1;
    }
  }
  if (start < items.length) yield items.slice(start);
}
