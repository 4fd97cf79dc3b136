import { type Hash, hashBytes, hashFromBytes, hashOf, writeHash } from '../base/hash.ts';
import { BlobError } from './blob-error.ts';
import { frameBytesMax, indexEntriesMax } from './limits.ts';

/** Where an object lies: `length` bytes at `offset` in the uncompressed bytes of a frame. */
export interface Location {
  readonly frame: FrameRange;
  readonly offset: number;
  readonly length: number;
}

/** Where a frame lies: bytes `start` (inclusive) to `end` (exclusive) of a pack; `size` is its uncompressed length. */
export interface FrameRange {
  readonly pack: Hash;
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

/** A frame as an index names it. */
export interface FrameLocation extends FrameRange {
  /**
   * CRC-32 of the frame as it is stored. Readers check the hashes of what they get; this is for `fsck`, since zstd
   * overlooks a few flipped bits of its framing.
   */
  readonly checksum: number;
}

/** An object and where it lies, as the writer of an index names them. */
export interface IndexEntry extends Location {
  readonly hash: Hash;
  readonly frame: FrameLocation;
}

export const indexMagic = Buffer.from('MICIDX\0\x01', 'latin1');
/** Makes the name of every pack unique: one that is being deleted is never written again. */
export const packNonceBytes = 16;
export const headerBytes = 20 + packNonceBytes;
export const frameRecordBytes = 24;
export const entryRecordBytes = hashBytes + 12;
export const fanoutEntries = 257;
/** Stands for "the pack that has this index's own name", which an index cannot contain. */
const selfPack = '0'.repeat(64) as Hash;

/**
 * The index of one or more packs: a sorted table of hashes and where each object lies
 * (`docs/formats/packs.md`). Immutable; named by the hash of its bytes.
 */
export class PackIndex {
  readonly hash: Hash;
  readonly bytes: Buffer;
  readonly entryCount: number;
  readonly packs: readonly Hash[];
  /** Frames that were asked for: there are many, and most commands want few. */
  readonly #frames: (FrameLocation | undefined)[];
  readonly #framesStart: number;
  readonly #fanoutStart: number;
  readonly #entriesStart: number;

  private constructor(bytes: Buffer, hash: Hash) {
    this.bytes = bytes;
    this.hash = hash;
    const packCount = bytes.readUInt32LE(8);
    const frameCount = bytes.readUInt32LE(12);
    this.entryCount = bytes.readUInt32LE(16);
    this.#framesStart = headerBytes + packCount * hashBytes;
    this.#fanoutStart = this.#framesStart + frameCount * frameRecordBytes;
    this.#entriesStart = this.#fanoutStart + fanoutEntries * 4;
    if (
      this.entryCount > indexEntriesMax ||
      bytes.length !== this.#entriesStart + this.entryCount * entryRecordBytes
    ) {
      throw damaged(hash);
    }
    const packs: Hash[] = [];
    for (let i = 0; i < packCount; i++) {
      const pack = hashFromBytes(bytes, headerBytes + i * hashBytes);
      packs.push(pack === selfPack ? hash : pack);
    }
    this.packs = packs;
    this.#frames = new Array(frameCount);
  }

  /** Parses an index and checks that it is what `hash` names; throws `blob/corrupt` or `blob/format-unknown`. */
  static parse(input: Uint8Array, hash: Hash): PackIndex {
    const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    if (bytes.length < headerBytes || hashOf(bytes) !== hash) throw damaged(hash);
    if (!bytes.subarray(0, 6).equals(indexMagic.subarray(0, 6))) throw damaged(hash);
    if (!bytes.subarray(0, 8).equals(indexMagic)) {
      throw new BlobError(
        'blob/format-unknown',
        `Index ${hash} has a format that this version does not know. Update Micelio.`,
      );
    }
    return new PackIndex(bytes, hash);
  }

  /** `parse`, for bytes that may come from anywhere: undefined where it throws. */
  static ofCopy(input: Uint8Array, hash: Hash): PackIndex | undefined {
    try {
      return PackIndex.parse(input, hash);
    } catch (error) {
      if (error instanceof BlobError) return undefined;
      throw error;
    }
  }

  /** Makes an index. A frame whose `pack` is `ownPack` lies in the pack that will carry the index's name. */
  static build(entries: readonly IndexEntry[], nonce: Uint8Array): PackIndex {
    const sorted = [...entries].sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
    const packs = new Map<Hash, number>();
    const frames = new Map<string, number>();
    const frameList: FrameLocation[] = [];
    for (const { frame } of sorted) {
      if (!packs.has(frame.pack)) packs.set(frame.pack, packs.size);
      const key = frameKey(frame);
      if (!frames.has(key)) frames.set(key, frameList.push(frame) - 1);
    }
    const framesStart = headerBytes + packs.size * hashBytes;
    const fanoutStart = framesStart + frameList.length * frameRecordBytes;
    const entriesStart = fanoutStart + fanoutEntries * 4;
    const bytes = Buffer.alloc(entriesStart + sorted.length * entryRecordBytes);
    indexMagic.copy(bytes);
    bytes.writeUInt32LE(packs.size, 8);
    bytes.writeUInt32LE(frameList.length, 12);
    bytes.writeUInt32LE(sorted.length, 16);
    bytes.set(nonce.subarray(0, packNonceBytes), 20);
    let position = headerBytes;
    for (const pack of packs.keys()) position = writeHash(bytes, pack, position);
    for (const frame of frameList) {
      bytes.writeUInt32LE(packs.get(frame.pack)!, position);
      bytes.writeUIntLE(frame.start, position + 4, 6);
      bytes.writeUIntLE(frame.end - frame.start, position + 10, 6);
      bytes.writeUInt32LE(frame.size, position + 16);
      bytes.writeUInt32LE(frame.checksum, position + 20);
      position += frameRecordBytes;
    }
    const counts = new Uint32Array(fanoutEntries);
    position = entriesStart;
    for (const entry of sorted) {
      writeHash(bytes, entry.hash, position);
      counts[bytes[position]! + 1]!++;
      bytes.writeUInt32LE(frames.get(frameKey(entry.frame))!, position + hashBytes);
      bytes.writeUInt32LE(entry.offset, position + hashBytes + 4);
      bytes.writeUInt32LE(entry.length, position + hashBytes + 8);
      position += entryRecordBytes;
    }
    let total = 0;
    for (let i = 0; i < fanoutEntries; i++) {
      total += counts[i]!;
      bytes.writeUInt32LE(total, fanoutStart + i * 4);
    }
    return new PackIndex(bytes, hashOf(bytes));
  }

  /** Where the object `hash` lies, if this index knows it. `raw` is the same hash as 32 bytes. */
  lookup(raw: Buffer): Location | undefined {
    const first = raw[0]!;
    let low = this.bytes.readUInt32LE(this.#fanoutStart + first * 4);
    let high = this.bytes.readUInt32LE(this.#fanoutStart + (first + 1) * 4);
    const wanted = raw.readUInt32BE(1);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.#entriesStart + middle * entryRecordBytes;
      // The first byte is the same for all of them, and the next four nearly always decide.
      const order =
        this.bytes.readUInt32BE(at + 1) - wanted || this.bytes.compare(raw, 0, hashBytes, at, at + hashBytes);
      if (order === 0) return this.#locationAt(at);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** Every object of this index, in the order of their hashes. */
  *entries(): Generator<IndexEntry> {
    for (let i = 0; i < this.entryCount; i++) {
      const at = this.#entriesStart + i * entryRecordBytes;
      yield { hash: hashFromBytes(this.bytes, at), ...this.#locationAt(at) };
    }
  }

  /**
   * Tells of every object, in the order of their hashes, without making anything of it: where in `bytes` its record
   * begins, which is with its hash, the number of its pack, and its length. For walks over millions.
   */
  visit(tell: (at: number, pack: number, length: number) => void): void {
    const packs = this.packOfFrames();
    for (let i = 0; i < this.entryCount; i++) {
      const at = this.#entriesStart + i * entryRecordBytes;
      const pack = packs[this.bytes.readUInt32LE(at + hashBytes)];
      if (pack === undefined) throw damaged(this.hash);
      tell(at, pack, this.bytes.readUInt32LE(at + hashBytes + 8));
    }
  }

  /** The number of the pack of each frame. */
  packOfFrames(): Uint32Array {
    return Uint32Array.from(this.#frames, (_, i) =>
      this.bytes.readUInt32LE(this.#framesStart + i * frameRecordBytes),
    );
  }

  /** Where in `bytes` the tables of frames and of objects begin. */
  get tables(): { readonly frames: number; readonly entries: number } {
    return { frames: this.#framesStart, entries: this.#entriesStart };
  }

  /** The frame of a number: the same object each time. */
  #frame(number: number): FrameLocation {
    if (number >= this.#frames.length) throw damaged(this.hash);
    this.#frames[number] ??= this.#readFrame(this.#framesStart + number * frameRecordBytes);
    return this.#frames[number];
  }

  #readFrame(at: number): FrameLocation {
    const pack = this.packs[this.bytes.readUInt32LE(at)];
    const start = this.bytes.readUIntLE(at + 4, 6);
    const size = this.bytes.readUInt32LE(at + 16);
    if (pack === undefined || size > frameBytesMax) throw damaged(this.hash);
    const end = start + this.bytes.readUIntLE(at + 10, 6);
    return { pack, start, end, size, checksum: this.bytes.readUInt32LE(at + 20) };
  }

  #locationAt(at: number): Location & { readonly frame: FrameLocation } {
    const frame = this.#frame(this.bytes.readUInt32LE(at + hashBytes));
    const offset = this.bytes.readUInt32LE(at + hashBytes + 4);
    const length = this.bytes.readUInt32LE(at + hashBytes + 8);
    if (offset + length > frame.size) throw damaged(this.hash);
    return { frame, offset, length };
  }
}

/** In the entries for a new pack: the pack itself, whose name is not known before its index is made. */
export const ownPack = selfPack;

function frameKey(frame: FrameLocation): string {
  return `${frame.pack}:${frame.start}`;
}

function damaged(hash: Hash): BlobError {
  return new BlobError(
    'blob/corrupt',
    `Index ${hash} is damaged. Run "mic store fsck" to see what it names.`,
  );
}
