import type { Hash } from '../base/hash.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import type { NodeSink, NodeStore } from './node-store.ts';

/** Of nodes with more bytes than this together, the last ones are not remembered. */
const rememberedBytesMax = 16 * 1024 * 1024;

/** Adds the nodes of a new tree to a batch, and has them at hand once that is stored: whoever wrote it reads it next. */
export class RememberingSink implements NodeSink {
  readonly #nodes: NodeStore;
  readonly #batch: BlobBatch;
  readonly #written = new Map<Hash, Buffer>();
  #bytes = 0;

  constructor(nodes: NodeStore, batch: BlobBatch) {
    this.#nodes = nodes;
    this.#batch = batch;
  }

  add(bytes: Buffer, references: readonly Hash[]): Hash {
    const hash = this.#batch.add(bytes, 'node', references);
    if (this.#bytes + bytes.length <= rememberedBytesMax) {
      this.#written.set(hash, bytes);
      this.#bytes += bytes.length;
    }
    return hash;
  }

  /** To be called when the batch has been flushed: before, nothing is sure to be stored. */
  remember(): void {
    for (const [hash, bytes] of this.#written) this.#nodes.remember(hash, bytes);
    this.#written.clear();
  }
}
