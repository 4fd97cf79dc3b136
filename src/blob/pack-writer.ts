import { crc32 } from 'node:zlib';
import type { Hash } from '../base/hash.ts';
import type { Random } from '../base/random.ts';
import { type IndexEntry, ownPack, PackIndex, packNonceBytes } from './pack-index.ts';

export const packMagic = Buffer.from('MICPAK\0\x01', 'latin1');
/** Behind the index at the end of a pack: its length, and the magic number once more. */
export const packFooterBytes = 12;

/** Gathers frames in memory and makes a pack and its index of them (`docs/formats/packs.md`). */
export class PackWriter {
  readonly #random: Random;
  readonly #parts: Uint8Array[] = [packMagic];
  readonly #entries: IndexEntry[] = [];
  /** Bytes of the pack so far. */
  size = packMagic.length;

  constructor(random: Random) {
    this.#random = random;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Adds a compressed frame that holds `objects`, one behind the other. */
  addFrame(frame: Uint8Array, objects: readonly { readonly hash: Hash; readonly bytes: Uint8Array }[]): void {
    let size = 0;
    for (const object of objects) size += object.bytes.length;
    const end = this.size + frame.length;
    const location = { pack: ownPack, start: this.size, end, size, checksum: crc32(frame) };
    let offset = 0;
    for (const { hash, bytes } of objects) {
      this.#entries.push({ hash, frame: location, offset, length: bytes.length });
      offset += bytes.length;
    }
    this.#parts.push(frame);
    this.size += frame.length;
  }

  /** The pack, which ends with a copy of its index, and the index, whose hash names both. */
  finish(): { bytes: Buffer; index: PackIndex } {
    const index = PackIndex.build(this.#entries, this.#random.bytes(packNonceBytes));
    const footer = Buffer.alloc(packFooterBytes);
    footer.writeUInt32LE(index.bytes.length, 0);
    packMagic.copy(footer, 4);
    return { bytes: Buffer.concat([...this.#parts, index.bytes, footer]), index };
  }
}
