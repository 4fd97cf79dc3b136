import { LRUCache } from 'lru-cache';
import type { Hash } from '../base/hash.ts';
import type { MemoryBudget } from '../base/memory-budget.ts';
import { BlobError } from '../blob/blob-error.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { type FileContent, wholeFileBytesMax } from '../blob/file.ts';
import { decodeManifest, type Manifest } from '../blob/manifest.ts';
import type { NodeStore } from '../tree/node-store.ts';
import { type FileSystemError, NotResident, storeFailure } from './file-system-error.ts';
import { ReadBuffers } from './read-buffers.ts';

const cacheBytesDefault = 64 * 1024 * 1024;
/** Manifests in memory; one names up to 1,024 pieces. */
const manifestsMax = 64;
/** How many chunks behind a missing one are fetched with it, while a file is read from one end to the other. */
const readAheadChunks = 8;

/** A manifest that is searched by position: where each piece begins, and at the end the size. */
interface Pieces {
  readonly level: number;
  readonly hashes: readonly Hash[];
  readonly starts: Float64Array;
}

/**
 * The files of one project as file systems read them: at once from memory, or `NotResident` where bytes have to be
 * fetched first. Everything in it was verified. Shared by all file systems of a project, so its memory is bounded once.
 */
export class ContentCache {
  readonly blobs: BlobStore;
  readonly nodes: NodeStore;
  /** What files are read into that are not in the store. */
  readonly buffers = new ReadBuffers();
  readonly #bytes: LRUCache<Hash, Buffer>;
  readonly #memory: MemoryBudget | undefined;
  readonly #manifests = new LRUCache<Hash, Pieces>({ max: manifestsMax });
  readonly #loading = new Map<Hash, Promise<Buffer>>();

  /** `memory` is what its bytes share with other caches, if they do. */
  constructor(blobs: BlobStore, nodes: NodeStore, cacheBytes = cacheBytesDefault, memory?: MemoryBudget) {
    this.#memory = memory;
    this.blobs = blobs;
    this.nodes = nodes;
    this.#bytes = new LRUCache({ maxSize: cacheBytes, sizeCalculation: (bytes) => bytes.length + 200 });
    memory?.add(this.#bytes);
  }

  /** All bytes of an object. */
  object(hash: Hash): Buffer {
    const cached = this.#bytes.get(hash);
    if (cached !== undefined) return cached;
    throw new NotResident(this.#load(hash));
  }

  /** A file's bytes from `start` (inclusive) to `end` (exclusive, not behind the file's end), in pieces. */
  read(file: FileContent, start: number, end: number): Buffer[] {
    if (start >= end) return [];
    if (file.size <= wholeFileBytesMax) {
      return [ofSize(this.object(file.hash), file.size, file.hash).subarray(start, end)];
    }
    const pieces: Buffer[] = [];
    const missing: Promise<unknown>[] = [];
    this.#readPieces(file, start, end, pieces, missing);
    if (missing.length > 0) throw new NotResident(Promise.all(missing));
    return pieces;
  }

  /** Appends the bytes of a manifest's pieces, or what to wait for. */
  #readPieces(
    file: FileContent,
    start: number,
    end: number,
    pieces: Buffer[],
    missing: Promise<unknown>[],
  ): void {
    const { level, hashes, starts } = this.#pieces(file);
    let index = pieceAt(starts, start);
    for (; index < hashes.length && starts[index]! < end; index++) {
      const [hash, size] = [hashes[index]!, starts[index + 1]! - starts[index]!];
      const from = Math.max(start - starts[index]!, 0);
      const to = Math.min(end, starts[index + 1]!) - starts[index]!;
      if (level > 0) this.#readPieces({ hash, size }, from, to, pieces, missing);
      else {
        const bytes = this.#bytes.get(hash);
        if (bytes === undefined) missing.push(this.#load(hash));
        else pieces.push(ofSize(bytes, size, hash).subarray(from, to));
      }
    }
    if (level > 0 || missing.length === 0) return;
    for (const hash of hashes.slice(index, index + readAheadChunks)) {
      if (!this.#bytes.has(hash)) this.#load(hash);
    }
  }

  #pieces({ hash, size: fileSize }: FileContent): Pieces {
    const cached = this.#manifests.get(hash);
    if (cached !== undefined) return cached;
    const { level, items } = decoded(this.object(hash), hash);
    const starts = new Float64Array(items.length + 1);
    for (const [index, { size }] of items.entries()) starts[index + 1] = starts[index]! + size;
    if (starts[items.length] !== fileSize) throw damaged(hash);
    const pieces = { level, hashes: items.map((item) => item.hash), starts };
    this.#manifests.set(hash, pieces);
    return pieces;
  }

  #load(hash: Hash): Promise<Buffer> {
    const loading = this.#loading.get(hash);
    if (loading !== undefined) return loading;
    const load = this.blobs
      .get(hash)
      .then((bytes) => {
        // Copied, so that a cached object does not keep the frame that it came in.
        const own = Buffer.from(bytes);
        this.#bytes.set(hash, own);
        this.#memory?.settle();
        return own;
      })
      .finally(() => this.#loading.delete(hash));
    this.#loading.set(hash, load);
    // What is read ahead, or not waited for, may fail: whoever needs it will be told.
    load.catch(() => {});
    return load;
  }
}

function decoded(bytes: Buffer, hash: Hash): Manifest {
  try {
    return decodeManifest(bytes, hash);
  } catch (error) {
    throw storeFailure(error);
  }
}

/** `bytes`, which whoever named them said to be so many. */
function ofSize(bytes: Buffer, size: number, hash: Hash): Buffer {
  if (bytes.length !== size) throw damaged(hash);
  return bytes;
}

function damaged(hash: Hash): FileSystemError {
  return storeFailure(new BlobError('blob/corrupt', `Object ${hash} has not the size that it should have.`));
}

/** The last piece that begins at `position` or before. */
function pieceAt(starts: Float64Array, position: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
