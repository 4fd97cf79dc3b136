import type { Hash } from '../base/hash.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { addFile, type FileContent, readWholeFile } from '../blob/file.ts';

/** Writes files into a batch and reads them back before the batch is flushed: for merges that follow one another. */
export class FileTransaction {
  readonly #blobs: BlobStore;
  readonly #batch: BlobBatch;
  readonly #written = new Map<Hash, Uint8Array>();

  constructor(blobs: BlobStore, batch: BlobBatch) {
    this.#blobs = blobs;
    this.#batch = batch;
  }

  /** Adds a file. `bytes` must not change afterwards. */
  async write(bytes: Uint8Array): Promise<FileContent> {
    const content = await addFile(this.#batch, bytes);
    this.#written.set(content.hash, bytes);
    return content;
  }

  /** All bytes of a file, from the store or from this transaction. Throws as `BlobStore.get` does. */
  async read(file: FileContent): Promise<Uint8Array> {
    const written = this.#written.get(file.hash);
    // A manifest has the hash of a small file with the same bytes.
    return written?.length === file.size ? written : readWholeFile(this.#blobs, file);
  }
}
