import type { Readable } from 'node:stream';

/** The stream is paused while more than this waits to be read, in bytes. */
const bufferedBytesMax = 4 * 1024 * 1024;

/**
 * Reads a stream by lines and by counts. What is at hand is returned at once; a promise is returned only where bytes
 * must be waited for, because hundreds of thousands of small reads would otherwise wait for nothing.
 */
export class ByteReader {
  readonly #stream: Readable;
  readonly #chunks: Buffer[] = [];
  #head: Buffer = Buffer.alloc(0);
  #position = 0;
  #waitingBytes = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes > bufferedBytesMax) stream.pause();
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    // Why a stream broke off is told by the process that wrote it.
    stream.on('error', end).on('end', end).on('close', end);
  }

  /** The next line without its end, as a byte string; undefined when the stream ends before the line does. */
  line(): string | undefined | Promise<string | undefined> {
    const end = this.#head.indexOf(0x0a, this.#position);
    if (end < 0) return this.#gatherLine();
    const text = this.#head.toString('latin1', this.#position, end);
    this.#position = end + 1;
    return text;
  }

  /** The next `count` bytes; undefined when the stream ends before. They may be shared: don't write to them. */
  take(count: number): Buffer | undefined | Promise<Buffer | undefined> {
    const end = this.#position + count;
    if (end > this.#head.length) return this.#gather(count);
    const bytes = this.#head.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  /** The next bytes as they come, 1 to `bytesMax`; undefined when the stream has ended. */
  async piece(bytesMax: number): Promise<Buffer | undefined> {
    while (this.#position === this.#head.length) if (!(await this.#advance())) return undefined;
    return this.take(Math.min(bytesMax, this.#head.length - this.#position));
  }

  async #gather(count: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    for (let missing = count; missing > 0; ) {
      const piece = await this.piece(missing);
      if (piece === undefined) return undefined;
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces, count);
  }

  async #gatherLine(): Promise<string | undefined> {
    let text = '';
    for (;;) {
      const end = this.#head.indexOf(0x0a, this.#position);
      text += this.#head.toString('latin1', this.#position, end < 0 ? this.#head.length : end);
      this.#position = end < 0 ? this.#head.length : end + 1;
      if (end >= 0) return text;
      if (!(await this.#advance())) return undefined;
    }
  }

  /** Goes on to the next chunk; false when there is none any more. */
  async #advance(): Promise<boolean> {
    while (this.#chunks.length === 0) {
      if (this.#ended) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    this.#head = this.#chunks.shift()!;
    this.#position = 0;
    this.#waitingBytes -= this.#head.length;
    if (this.#stream.isPaused() && this.#waitingBytes <= bufferedBytesMax / 2) this.#stream.resume();
    return true;
  }
}
