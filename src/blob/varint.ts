/** Numbers are written in groups of seven bits, low first, up to 2^53. */
const group = 0x80;

/** Writes bytes one behind the other into a buffer that grows. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(1024);
  #position = 0;

  /** An unsigned integer up to 2^53. */
  number(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= group) {
      this.#bytes[this.#position++] = (rest % group) | group;
      rest = Math.floor(rest / group);
    }
    this.#bytes[this.#position++] = rest;
  }

  /** An integer of either sign, up to 2^52: those near to zero are short. */
  signed(value: number): void {
    this.number(zigzag(value));
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  /** What was written. The writer is not to be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#position);
  }

  #reserve(count: number): void {
    if (this.#position + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#bytes.length + count) * 2);
    this.#bytes.copy(larger, 0, 0, this.#position);
    this.#bytes = larger;
  }
}

/** What a `ByteReader` throws: the bytes end too early, or hold a number that nobody wrote. */
export class UnreadableBytes extends Error {}

/** Reads what a `ByteWriter` wrote. Whatever the bytes are, it throws nothing but `UnreadableBytes`. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= group) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) break;
      value += (byte % group) * scale;
      if (byte < group) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw new UnreadableBytes('Not a number.');
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A number of things that follow, each of at least `bytesEach` bytes: never more than there can be. */
  count(bytesEach: number): number {
    const count = this.number();
    if (count * bytesEach > this.remaining) throw new UnreadableBytes('More than there are bytes for.');
    return count;
  }

  /** The next `count` bytes, shared with what is read. */
  take(count: number): Buffer {
    if (count > this.remaining) throw new UnreadableBytes('The bytes end.');
    this.#position += count;
    return this.#bytes.subarray(this.#position - count, this.#position);
  }
}

/** 0, −1, 1, −2, 2 … as 0, 1, 2, 3, 4 … */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
