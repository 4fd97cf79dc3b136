import {
  constants,
  createZstdCompress,
  type ZstdCompress,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { BlobError } from './blob-error.ts';
import { splitSkippableFrame } from './skippable-frame.ts';

/** Level 1 packs source code within 3 % of level 3, in less time. Any zstd frame can be read, whatever its level. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Up to this many bytes, handing the work to another thread takes longer than doing it. */
const inlineBytesMax = 16 * 1024;

/** One zstd frame that holds `bytes`. */
export function compress(bytes: Uint8Array): Promise<Buffer> | Buffer {
  return bytes.length <= inlineBytesMax ? zstdCompressSync(bytes, options) : compressInPool(bytes);
}

/** As many frames are compressed at a time: libuv's thread pool has four threads unless told otherwise. */
const compressorsMax = 4;
/** A compressed frame of the usual size fits into one piece of output of this many bytes. */
const outputBytes = 96 * 1024;

/**
 * A compressor with its working memory, which takes longer to set up than a frame takes to compress: therefore it is
 * kept and used again. Every write is made a frame of its own.
 */
class Compressor {
  readonly #stream: ZstdCompress;
  #pieces: Buffer[] = [];

  constructor() {
    this.#stream = createZstdCompress({
      ...options,
      chunkSize: outputBytes,
      flush: constants.ZSTD_e_end,
    });
    this.#stream.on('data', (piece: Buffer) => this.#pieces.push(piece));
  }

  compress(bytes: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#stream.once('error', reject);
      this.#stream.write(bytes, () => {
        this.#stream.off('error', reject);
        // Hands over what the stream may still hold back.
        while (this.#stream.read() !== null);
        const pieces = this.#pieces;
        this.#pieces = [];
        resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
      });
    });
  }
}

const idleCompressors: Compressor[] = [];
const waiting: (() => void)[] = [];
let compressorCount = 0;

async function compressInPool(bytes: Uint8Array): Promise<Buffer> {
  const compressor = await takeCompressor();
  // One that failed is not used again.
  try {
    const frame = await compressor.compress(bytes);
    idleCompressors.push(compressor);
    return frame;
  } catch (error) {
    compressorCount--;
    throw error;
  } finally {
    waiting.shift()?.();
  }
}

async function takeCompressor(): Promise<Compressor> {
  for (;;) {
    const idle = idleCompressors.pop();
    if (idle !== undefined) return idle;
    if (compressorCount < compressorsMax) {
      compressorCount++;
      return new Compressor();
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
}

/**
 * What a zstd frame holds, which a skippable one may stand in front of. Throws `blob/corrupt` when it is damaged or holds more than `bytesMax` bytes: what comes
 * from a store must not be able to fill the memory.
 */
export function decompress(frame: Uint8Array, bytesMax: number, what: string): Buffer {
  try {
    // One piece of output that is a little too large: a second one would have to be joined to the first.
    const chunkSize = Math.max(constants.Z_MIN_CHUNK, bytesMax + 1);
    // Node.js 24 ends with the first frame, also where that is one to be skipped.
    const { rest } = splitSkippableFrame(frame);
    return zstdDecompressSync(rest, { maxOutputLength: Math.max(1, bytesMax), chunkSize });
  } catch (cause) {
    throw new BlobError('blob/corrupt', `${what} is damaged: it does not decompress. Run "mic store fsck".`, {
      cause,
    });
  }
}
