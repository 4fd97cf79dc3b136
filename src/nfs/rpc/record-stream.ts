import type { NfsLimits } from '../limits.ts';
import { nfsError } from '../nfs-error.ts';
import { XdrReader } from '../xdr/reader.ts';

const lastFragment = 0x8000_0000;
/** Shorter pieces are gathered, so that a record sent byte by byte is not a million objects. */
const gatheredBytesMax = 1024;
const gatherBytes = 8192;

/**
 * Finds the records in a stream (RFC 5531, 11): fragments, each behind its length, the last of a record marked. A record
 * that lies in one piece is handed out as it is, others as the pieces they came in.
 */
export class RecordStream {
  readonly #limits: Pick<NfsLimits, 'recordBytesMax' | 'recordFragmentsMax'>;
  #chunks: Buffer[] = [];
  #chunk: Buffer | undefined;
  #at = 0;

  #markBytes = 0;
  #mark = 0;
  #fragmentLeft = 0;
  #fragments = 0;
  #pieces: Buffer[] = [];
  #recordBytes = 0;
  /** The last of the pieces, where more can be put into it, and how much is in it. */
  #gathering: Buffer | undefined;
  #gathered = 0;

  constructor(limits: Pick<NfsLimits, 'recordBytesMax' | 'recordFragmentsMax'>) {
    this.#limits = limits;
  }

  /** Takes bytes as they came. They may not change until the records in them have been dealt with. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#chunk === undefined) {
      this.#chunk = chunk;
      this.#at = 0;
    } else {
      this.#chunks.push(chunk);
    }
  }

  /** True while a record has begun and not ended. */
  get withinRecord(): boolean {
    return this.#markBytes > 0 || this.#recordBytes > 0 || this.#fragments > 0;
  }

  /** The next record that is complete. Throws `nfs/record-refused` where the stream is beyond the limits. */
  next(): XdrReader | undefined {
    for (;;) {
      const chunk = this.#chunk;
      if (chunk === undefined) return undefined;
      if (!this.withinRecord) {
        const whole = this.#wholeRecord(chunk);
        if (whole !== undefined) return whole;
      }
      const record = this.#step(chunk);
      if (this.#at === chunk.length && this.#chunk === chunk) this.#nextChunk();
      if (record !== undefined) return record;
    }
  }

  /** The record that begins here, if it is one fragment and all in this chunk: nearly always. */
  #wholeRecord(chunk: Buffer): XdrReader | undefined {
    const start = this.#at + 4;
    if (start > chunk.length) return undefined;
    const mark = chunk.readUInt32BE(this.#at);
    const end = start + mark - lastFragment;
    if (mark < lastFragment || end > chunk.length) return undefined;
    this.#check(end - start);
    this.#at = end;
    if (end === chunk.length) this.#nextChunk();
    return new XdrReader(chunk, start, end);
  }

  #nextChunk(): void {
    this.#chunk = this.#chunks.shift();
    this.#at = 0;
  }

  /** Takes what is of use from the chunk: a byte of the mark, or a piece of the fragment. */
  #step(chunk: Buffer): XdrReader | undefined {
    if (this.#markBytes < 4) {
      this.#mark = ((this.#mark << 8) | chunk[this.#at++]!) >>> 0;
      if (++this.#markBytes < 4) return undefined;
      this.#fragmentLeft = this.#mark & ~lastFragment;
      this.#fragments++;
      this.#check(this.#recordBytes + this.#fragmentLeft);
    } else {
      const end = Math.min(chunk.length, this.#at + this.#fragmentLeft);
      this.#fragmentLeft -= end - this.#at;
      this.#keep(chunk, this.#at, end);
      this.#at = end;
    }
    return this.#fragmentLeft === 0 ? this.#endFragment() : undefined;
  }

  #endFragment(): XdrReader | undefined {
    const last = this.#mark >= lastFragment;
    this.#markBytes = 0;
    this.#mark = 0;
    if (!last) return undefined;
    this.#closeGathering();
    const [first = Buffer.alloc(0), ...rest] = this.#pieces;
    this.#pieces = [];
    this.#recordBytes = 0;
    this.#fragments = 0;
    return new XdrReader(first, 0, first.length, rest);
  }

  #check(recordBytes: number): void {
    if (recordBytes > this.#limits.recordBytesMax || this.#fragments > this.#limits.recordFragmentsMax)
      throw nfsError('nfs/record-refused');
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const length = end - start;
    this.#recordBytes += length;
    if (length > gatheredBytesMax) {
      this.#closeGathering();
      this.#pieces.push(chunk.subarray(start, end));
      return;
    }
    if (this.#gathering === undefined || this.#gathered + length > gatherBytes) {
      this.#closeGathering();
      this.#gathering = Buffer.allocUnsafeSlow(gatherBytes);
    }
    chunk.copy(this.#gathering, this.#gathered, start, end);
    this.#gathered += length;
  }

  #closeGathering(): void {
    if (this.#gathering !== undefined) this.#pieces.push(this.#gathering.subarray(0, this.#gathered));
    this.#gathering = undefined;
    this.#gathered = 0;
  }
}
