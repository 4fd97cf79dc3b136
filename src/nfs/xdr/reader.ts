import { nfsError } from '../nfs-error.ts';

const noPieces: readonly Buffer[] = [];

/**
 * Reads XDR (RFC 4506) from one record, which may lie in several pieces. Bytes that are not there are `nfs/malformed`.
 * Nothing is copied unless it must be: the pieces may not change as long as what was read from them is used.
 */
export class XdrReader {
  readonly #first: Buffer;
  readonly #start: number;
  readonly #firstEnd: number;
  readonly #rest: readonly Buffer[];
  #bytes: Buffer;
  #at: number;
  #end: number;
  /** How many pieces of `#rest` have been begun. */
  #begun = 0;

  /** Reads `first` from `start` to `end`, and then `rest`. */
  constructor(first: Buffer, start = 0, end = first.length, rest: readonly Buffer[] = noPieces) {
    this.#first = first;
    this.#start = start;
    this.#firstEnd = end;
    this.#rest = rest;
    this.#bytes = first;
    this.#at = start;
    this.#end = end;
  }

  /** Begins again. */
  rewind(): void {
    this.#bytes = this.#first;
    this.#at = this.#start;
    this.#end = this.#firstEnd;
    this.#begun = 0;
  }

  /** The whole record in one piece, whatever has been read of it. */
  record(): Buffer {
    const first = this.#first.subarray(this.#start, this.#firstEnd);
    return this.#rest.length === 0 ? first : Buffer.concat([first, ...this.#rest]);
  }

  /** Bytes that are left. */
  get remaining(): number {
    let bytes = this.#end - this.#at;
    for (let i = this.#begun; i < this.#rest.length; i++) bytes += this.#rest[i]!.length;
    return bytes;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  int32(): number {
    const at = this.#at;
    if (at + 4 > this.#end) return this.#split(4).readInt32BE();
    this.#at = at + 4;
    const bytes = this.#bytes;
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  /** 64 bits unsigned. Above 2^53 the nearest number that there is: whoever cares compares with that. */
  uint64(): number {
    const high = this.uint32();
    return high * 0x1_0000_0000 + this.uint32();
  }

  boolean(): boolean {
    const value = this.int32();
    if (value !== 0 && value !== 1) throw nfsError('nfs/malformed');
    return value === 1;
  }

  /** The length of an opaque or a string that follows: at most `bytesMax`, and all there. */
  length(bytesMax: number): number {
    const length = this.uint32();
    if (length > bytesMax) throw nfsError('nfs/malformed');
    const padded = length + (-length & 3);
    if (padded > this.#end - this.#at && padded > this.remaining) throw nfsError('nfs/malformed');
    return length;
  }

  /** `length` bytes, without their padding. A view where they lie in one piece. */
  fixed(length: number): Buffer {
    const at = this.#at;
    const next = at + ((length + 3) & ~3);
    if (next > this.#end) return this.#split(next - at).subarray(0, length);
    this.#at = next;
    return this.#bytes.subarray(at, at + length);
  }

  /** A length and so many bytes. */
  opaque(bytesMax: number): Buffer {
    return this.fixed(this.length(bytesMax));
  }

  /** A length and so many bytes, as a byte string: a character for each byte. */
  byteString(bytesMax: number): string {
    const length = this.length(bytesMax);
    const at = this.#at;
    const next = at + ((length + 3) & ~3);
    if (next > this.#end) return this.fixed(length).toString('latin1');
    this.#at = next;
    return this.#bytes.toString('latin1', at, at + length);
  }

  /** `length` bytes, and their padding behind them, as the pieces that they lie in. */
  pieces(length: number): readonly Buffer[] {
    const padding = -length & 3;
    if (length + padding <= this.#end - this.#at) return [this.fixed(length)];
    if (length + padding > this.remaining) throw nfsError('nfs/malformed');
    const pieces: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      this.#advance();
      const piece = this.#bytes.subarray(this.#at, Math.min(this.#end, this.#at + missing));
      this.#at += piece.length;
      missing -= piece.length;
      pieces.push(piece);
    }
    if (padding > 0) this.#split(padding);
    return pieces;
  }

  skip(length: number): void {
    this.fixed(length);
  }

  /** `length` bytes that reach over the end of a piece, put together. */
  #split(length: number): Buffer {
    if (length > this.remaining) throw nfsError('nfs/malformed');
    const joined = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length; ) {
      this.#advance();
      const count = Math.min(length - filled, this.#end - this.#at);
      this.#bytes.copy(joined, filled, this.#at, this.#at + count);
      this.#at += count;
      filled += count;
    }
    return joined;
  }

  /** Goes to the next piece that has bytes, where this one is at its end. */
  #advance(): void {
    while (this.#at === this.#end && this.#begun < this.#rest.length) {
      this.#bytes = this.#rest[this.#begun++]!;
      this.#at = 0;
      this.#end = this.#bytes.length;
    }
  }
}
