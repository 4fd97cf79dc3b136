import type { Hash } from '../base/hash.ts';
import type { BlobBatch } from './blob-batch.ts';
import { BlobError } from './blob-error.ts';
import type { BlobStore } from './blob-store.ts';
import { chunksOf } from './chunker.ts';
import { objectBytesMax } from './limits.ts';
import { decodeManifest, type Manifest, ManifestBuilder, referencesOf } from './manifest.ts';
import { type ChunkSlice, readChunks } from './read-chunks.ts';

/** A file up to this size, in bytes, is one blob; a larger one is chunks and a manifest. Part of the format. */
export const wholeFileBytesMax = objectBytesMax;

/** A file's content, as an entry of a tree names it. */
export interface FileContent {
  readonly hash: Hash;
  readonly size: number;
}

/** Adds a file whose bytes are all at hand. `bytes` must not change afterwards. */
export async function addFile(batch: BlobBatch, bytes: Uint8Array): Promise<FileContent> {
  if (bytes.length <= wholeFileBytesMax) return { hash: batch.add(bytes), size: bytes.length };
  return addFileStream(batch, [bytes]);
}

/** Adds a file of any size from a stream, in bounded memory. The stream's buffers may be reused once taken. */
export async function addFileStream(
  batch: BlobBatch,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<FileContent> {
  let size = 0;
  const head: Buffer[] = [];
  let stream = asyncOf(source);
  // A file that turns out to be small is one blob.
  while (size <= wholeFileBytesMax) {
    const next = await stream.next();
    if (next.done) return { hash: batch.add(Buffer.concat(head)), size };
    head.push(Buffer.from(next.value));
    size += next.value.length;
  }
  stream = withHead(head, stream);
  size = 0;
  const manifest = new ManifestBuilder((bytes, references) => batch.add(bytes, 'node', references));
  for await (const chunk of chunksOf(stream)) {
    // Copied: a chunk is a view of a buffer that is many times larger.
    manifest.add({ hash: batch.add(Buffer.from(chunk)), size: chunk.length });
    size += chunk.length;
    const busy = batch.backpressure();
    if (busy) await busy;
  }
  return { hash: manifest.finish(), size };
}

/** The content of a file, piece by piece. Throws as `BlobStore.get` does, or when the size is not what was stored. */
export async function* readFile(blobs: BlobStore, file: FileContent): AsyncGenerator<Buffer> {
  yield* readFileRange(blobs, file, 0, file.size);
}

/** A file's bytes from `start` (inclusive) to `end` (exclusive), reading no chunk outside of the range. */
export async function* readFileRange(
  blobs: BlobStore,
  file: FileContent,
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  const last = Math.min(end, file.size);
  if (start >= last) return;
  if (file.size <= wholeFileBytesMax) {
    const bytes = await blobs.get(file.hash);
    if (bytes.length !== file.size) throw sizeMismatch(file);
    yield bytes.subarray(start, last);
    return;
  }
  let yielded = 0;
  for await (const piece of readChunks(blobs, slicesBelow(blobs, file.hash, start, last))) {
    yielded += piece.length;
    yield piece;
  }
  if (yielded !== last - start) throw sizeMismatch(file);
}

/** All bytes of a file at once. For files that are known to be small enough for memory. */
export async function readWholeFile(blobs: BlobStore, file: FileContent): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of readFile(blobs, file)) pieces.push(piece);
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/** The hashes of all objects that hold a file: its manifests and chunks, or its one blob. */
export async function* objectsOfFile(blobs: BlobStore, file: FileContent): AsyncGenerator<Hash> {
  yield file.hash;
  if (file.size > wholeFileBytesMax) yield* objectsBelow(blobs, file.hash);
}

async function* objectsBelow(blobs: BlobStore, hash: Hash): AsyncGenerator<Hash> {
  const { level, items } = await loadManifest(blobs, hash);
  for (const item of items) {
    yield item.hash;
    if (level > 0) yield* objectsBelow(blobs, item.hash);
  }
}

/** The parts of chunks that hold the bytes from `start` (inclusive) to `end` (exclusive) below a manifest. */
async function* slicesBelow(
  blobs: BlobStore,
  hash: Hash,
  start: number,
  end: number,
): AsyncGenerator<ChunkSlice> {
  const { level, items } = await loadManifest(blobs, hash);
  let position = 0;
  for (const item of items) {
    const from = Math.max(start - position, 0);
    const to = Math.min(end - position, item.size);
    position += item.size;
    if (from >= to) continue;
    if (level > 0) yield* slicesBelow(blobs, item.hash, from, to);
    else yield { hash: item.hash, from, to };
  }
}

async function loadManifest(blobs: BlobStore, hash: Hash): Promise<Manifest> {
  const { bytes, references } = await blobs.getReferring(hash);
  const manifest = decodeManifest(bytes, hash);
  if (references !== undefined) blobs.learn(referencesOf(manifest.items), references);
  return manifest;
}

function sizeMismatch(file: FileContent): BlobError {
  return new BlobError(
    'blob/corrupt',
    `File ${file.hash} should have ${file.size} bytes and has not. Run "mic store fsck".`,
  );
}

async function* asyncOf(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* source;
}

async function* withHead(
  head: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head;
  yield* rest;
}
