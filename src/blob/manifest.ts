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

/** The pieces of a manifest by their names. */
export function referencesOf(items: readonly ManifestItem[]): Hash[] {
  return items.map(({ hash }) => hash);
}

function damaged(hash: Hash): BlobError {
  return new BlobError(
    'blob/corrupt',
    `Object ${hash} should be the manifest of a large file and is not. Run "mic store fsck".`,
  );
}

/** The manifests of one level, as they are built. */
interface Level {
  /** Items of the manifest that is not finished yet. */
  pending: ManifestItem[];
  /** Manifests that were written. */
  written: number;
}

/**
 * Builds the manifests over a file's chunks as the chunks come, and keeps no more of them than one unfinished manifest a
 * level. History-independent: the same chunks give the same manifests. Every manifest is handed to `write` with the names of its
 * pieces, those below before those above.
 */
export class ManifestBuilder {
  readonly #write: (bytes: Buffer, references: readonly Hash[]) => void;
  readonly #levels: Level[] = [];

  constructor(write: (bytes: Buffer, references: readonly Hash[]) => void) {
    this.#write = write;
  }

  /** Adds the next chunk of the file. */
  add(chunk: ManifestItem): void {
    this.#add(0, chunk);
  }

  /** Ends the file, which has at least one chunk, and returns the name of its top manifest. */
  finish(): Hash {
    for (let level = 0; ; level++) {
      const { pending } = this.#levels[level]!;
      if (pending.length > 0) this.#close(level);
      const above = this.#levels[level + 1]!;
      if (this.#levels[level]!.written === 1) return above.pending[0]!.hash;
    }
  }

  #add(level: number, item: ManifestItem): void {
    this.#levels[level] ??= { pending: [], written: 0 };
    const { pending } = this.#levels[level];
    pending.push(item);
    const cut = (Number.parseInt(item.hash.slice(0, 4), 16) & cutMask) === 0;
    if (pending.length >= itemsMax || (pending.length >= itemsMin && cut)) this.#close(level);
  }

  #close(level: number): void {
    const state = this.#levels[level]!;
    const items = state.pending;
    state.pending = [];
    state.written++;
    const bytes = encodeManifest({ level, items });
    this.#write(bytes, referencesOf(items));
    this.#add(level + 1, { hash: hashOf(bytes), size: items.reduce((sum, item) => sum + item.size, 0) });
  }
}
