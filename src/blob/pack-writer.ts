import { crc32 } from 'node:zlib';
import type { Hash } from '../base/hash.ts';
import type { Random } from '../base/random.ts';
import { frameBytesMax, packBytesTarget } from './limits.ts';
import { type IndexEntry, type Location, ownPack, PackIndex, packNonceBytes } from './pack-index.ts';

export const packMagic = Buffer.from('MICPAK\0\x01', 'latin1');
/** Behind the index at the end of a pack: its length, and the magic number once more. */
export const packFooterBytes = 12;

const noHints = new Uint8Array(0);

/** Room for the frames of a small pack; … */
const smallPackBytes = 64 * 1024;
/** … one that outgrows it gets room for a whole one at once, with the frame that fills it and the index. */
const wholePackBytes = packBytesTarget + 2 * frameBytesMax;

/** A pack as it is stored, and its index, whose hash names both. */
export interface FinishedPack {
  readonly bytes: Buffer;
  readonly index: PackIndex;
}

/** Gathers frames in memory and makes a pack and its index of them (`docs/formats/packs.md`). */
export class PackWriter {
  readonly #random: Random;
  readonly #entries = new Map<Hash, IndexEntry>();
  #bytes = Buffer.allocUnsafe(smallPackBytes);
  /** Bytes of the pack so far. */
  size = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#append(packMagic);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Where an object lies that was added, in a pack called `ownPack`. */
  lookup(hash: Hash): Location | undefined {
    return this.#entries.get(hash);
  }

  /** Adds a compressed frame that holds `objects`, one behind the other, with `hints` in front. Both are copied. */
  addFrame(
    frame: Uint8Array,
    objects: readonly { readonly hash: Hash; readonly bytes: Uint8Array }[],
    hints: Uint8Array = noHints,
  ): void {
    let size = 0;
    for (const object of objects) size += object.bytes.length;
    const end = this.size + hints.length + frame.length;
    const checksum = crc32(frame, crc32(hints));
    const location = { pack: ownPack, start: this.size, end, size, checksum };
    let offset = 0;
    for (const { hash, bytes } of objects) {
      this.#entries.set(hash, { hash, frame: location, offset, length: bytes.length });
      offset += bytes.length;
    }
    this.#append(hints);
    this.#append(frame);
  }

  /** The pack, which ends with a copy of its index, and the index, whose hash names both. Nothing can be added then. */
  finish(): FinishedPack {
    const index = PackIndex.build([...this.#entries.values()], this.#random.bytes(packNonceBytes));
    const footer = Buffer.alloc(packFooterBytes);
    footer.writeUInt32LE(index.bytes.length, 0);
    packMagic.copy(footer, 4);
    this.#append(index.bytes);
    this.#append(footer);
    return { bytes: this.#bytes.subarray(0, this.size), index };
  }

  #append(bytes: Uint8Array): void {
    const needed = this.size + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, wholePackBytes));
      this.#bytes.copy(larger, 0, 0, this.size);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.size);
    this.size = needed;
  }
}
