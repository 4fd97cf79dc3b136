import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { BlobError } from './blob-error.ts';

/** Level 1 packs source code within 3 % of level 3, in less time. Any zstd frame can be read, whatever its level. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compressInPool = promisify(zstdCompress);

/** Up to this many bytes, handing the work to another thread takes longer than doing it. */
const inlineBytesMax = 16 * 1024;

/** One zstd frame that holds `bytes`. */
export function compress(bytes: Uint8Array): Promise<Buffer> | Buffer {
  return bytes.length <= inlineBytesMax ? zstdCompressSync(bytes, options) : compressInPool(bytes, options);
}

/**
 * What a zstd frame holds. Throws `blob/corrupt` when it is damaged or holds more than `bytesMax` bytes: what comes
 * from a store must not be able to fill the memory.
 */
export function decompress(frame: Uint8Array, bytesMax: number, what: string): Buffer {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: Math.max(1, bytesMax) });
  } catch (cause) {
    throw new BlobError('blob/corrupt', `${what} is damaged: it does not decompress. Run "mic store fsck".`, {
      cause,
    });
  }
}
