import type { Hash } from '../base/hash.ts';
import type { Random } from '../base/random.ts';
import { type IndexEntry, ownPack, PackIndex, packNonceBytes } from './pack-index.ts';

const magic = Buffer.from('MICPAK\0\x01', 'latin1');
const footerBytes = 12;

/** Gathers frames in memory and makes a pack and its index of them (`docs/formats/packs.md`). */
export class PackWriter {
  readonly #random: Random;
  readonly #parts: Uint8Array[] = [magic];
  readonly #entries: IndexEntry[] = [];
  /** Bytes of the pack so far. */
  size = magic.length;

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
    const location = { pack: ownPack, start: this.size, end: this.size + frame.length, size };
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
    const footer = Buffer.alloc(footerBytes);
    footer.writeUInt32LE(index.bytes.length, 0);
    magic.copy(footer, 4);
    return { bytes: Buffer.concat([...this.#parts, index.bytes, footer]), index };
  }
}

/** The index that a pack carries at its end, or undefined when these bytes are no whole pack. Not yet verified. */
export function indexInPack(pack: Buffer): Buffer | undefined {
  const footer = pack.length - footerBytes;
  if (footer < magic.length || !pack.subarray(footer + 4).equals(magic)) return undefined;
  const start = footer - pack.readUInt32LE(footer);
  return start < magic.length ? undefined : pack.subarray(start, footer);
}
