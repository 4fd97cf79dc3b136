import { assert } from '../../base/error.ts';

/** Bytes of memory that are had at once: some hundred replies. */
const slabBytes = 64 * 1024;
/** Shorter pieces are copied: one more buffer costs the kernel and Node more than that. */
const copiedBytesMax = 4096;

/** A place in what was written, to go back to. */
export interface WriterMark {
  readonly segments: number;
  readonly slab: Slab;
  readonly from: number;
  readonly at: number;
  readonly closed: number;
}

interface Slab {
  readonly bytes: Buffer;
  readonly view: DataView;
}

function newSlab(): Slab {
  const bytes = Buffer.allocUnsafeSlow(slabBytes);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, slabBytes) };
}

/**
 * Writes XDR (RFC 4506) one thing behind the other into slabs of memory that are used up and left to the garbage
 * collector: what was taken is never written again. Large pieces are put in between without being copied.
 */
export class XdrWriter {
  #slab = newSlab();
  #bytes = this.#slab.bytes;
  #view = this.#slab.view;
  /** Where the segment begins that is being written, and where the next byte goes. */
  #from = 0;
  #at = 0;
  #segments: Uint8Array[] = [];
  /** Bytes in `#segments`. */
  #closed = 0;

  /** Bytes written and not taken. */
  get length(): number {
    return this.#closed + this.#at - this.#from;
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
    this.#at = at + 4;
  }

  /** `value`: a whole number up to 2^53. */
  uint64(value: number): void {
    const at = this.#reserve(8);
    const low = value >>> 0;
    this.#view.setUint32(at, (value - low) / 0x1_0000_0000);
    this.#view.setUint32(at + 4, low);
    this.#at = at + 8;
  }

  boolean(value: boolean): void {
    this.uint32(value ? 1 : 0);
  }

  /** A byte string, with its length in front. */
  byteString(value: string): void {
    const { length } = value;
    const at = this.#reserve(length + 8);
    this.#view.setUint32(at, length);
    if (length < 24) {
      const bytes = this.#bytes;
      for (let i = 0; i < length; i++) bytes[at + 4 + i] = value.charCodeAt(i);
    } else {
      this.#bytes.write(value, at + 4, length, 'latin1');
    }
    this.#pad(at + 4, length);
  }

  /** Bytes, with their length in front. Copied. */
  opaque(value: Uint8Array): void {
    this.uint32(value.length);
    this.fixed(value);
  }

  /** Bytes without their length. Copied. */
  fixed(value: Uint8Array): void {
    const at = this.#reserve(value.length + 4);
    this.#bytes.set(value, at);
    this.#pad(at, value.length);
  }

  /** `length` bytes in pieces, with their length in front. Not copied where they are many: they may not change. */
  pieces(pieces: readonly Uint8Array[], length: number): void {
    this.uint32(length);
    for (const piece of pieces) this.raw(piece);
    const padding = -length & 3;
    const at = this.#reserve(4);
    this.#view.setUint32(at, 0);
    this.#at = at + padding;
  }

  /** Bytes as they are: no length, no padding. Not copied where they are many. */
  raw(piece: Uint8Array): void {
    if (piece.length > copiedBytesMax) {
      this.#close();
      this.#segments.push(piece);
      this.#closed += piece.length;
    } else {
      const at = this.#reserve(piece.length);
      this.#bytes.set(piece, at);
      this.#at = at + piece.length;
    }
  }

  /** Begins a record of one fragment: room for its mark, which `endRecord` fills in. */
  beginRecord(): WriterMark {
    this.#reserve(512);
    const mark = this.mark();
    this.uint32(0);
    return mark;
  }

  endRecord(mark: WriterMark): void {
    const length = this.length - lengthAt(mark) - 4;
    mark.slab.view.setUint32(mark.at, 0x8000_0000 + length);
  }

  /** Writes `value` where `mark` was taken with room for it. */
  patch(mark: WriterMark, value: number): void {
    mark.slab.view.setUint32(mark.at, value);
  }

  /** A place to come back to, with at least `room` bytes behind it that lie together. */
  mark(room = 0): WriterMark {
    this.#reserve(room);
    return {
      segments: this.#segments.length,
      slab: this.#slab,
      from: this.#from,
      at: this.#at,
      closed: this.#closed,
    };
  }

  /** Forgets everything that was written since. */
  goBack(mark: WriterMark): void {
    this.#segments.length = mark.segments;
    this.#slab = mark.slab;
    this.#bytes = mark.slab.bytes;
    this.#view = mark.slab.view;
    this.#from = mark.from;
    this.#at = mark.at;
    this.#closed = mark.closed;
  }

  /** Hands out what was written, and begins anew. */
  take(): readonly Uint8Array[] {
    this.#close();
    const segments = this.#segments;
    this.#segments = [];
    this.#closed = 0;
    return segments;
  }

  #close(): void {
    if (this.#at === this.#from) return;
    this.#segments.push(this.#bytes.subarray(this.#from, this.#at));
    this.#closed += this.#at - this.#from;
    this.#from = this.#at;
  }

  /** Zeros up to a multiple of four behind `length` bytes at `at`. */
  #pad(at: number, length: number): void {
    const bytes = this.#bytes;
    let end = at + length;
    while ((end - at) & 3) bytes[end++] = 0;
    this.#at = end;
  }

  /** Where the next `count` bytes go. */
  #reserve(count: number): number {
    if (this.#at + count > slabBytes) {
      assert(count <= slabBytes, `${count} bytes do not fit a slab.`);
      this.#close();
      this.#slab = newSlab();
      this.#bytes = this.#slab.bytes;
      this.#view = this.#slab.view;
      this.#from = 0;
      this.#at = 0;
    }
    return this.#at;
  }
}

/** How much had been written at a mark. */
function lengthAt(mark: WriterMark): number {
  return mark.closed + mark.at - mark.from;
}
