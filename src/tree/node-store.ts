import { LRUCache } from 'lru-cache';
import type { Hash } from '../base/hash.ts';
import type { MemoryBudget } from '../base/memory-budget.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { readFrames, verify } from '../blob/bulk-read.ts';
import { decompress } from '../blob/compression.ts';
import { decodeHints, hintsOf, type ReferenceLocations } from '../blob/location-hints.ts';
import { emptyTree } from './level-writer.ts';
import { nodeFrom } from './located-node.ts';
import { decodeNode, encodeLeaf, type TreeNode } from './node.ts';
import { referencesOfNode } from './references.ts';

/** Where tree algorithms get nodes from. */
export interface NodeSource {
  /** The node named `hash`: at once where it is in memory, so that reading a warm tree waits for nothing. */
  node(hash: Hash): TreeNode | Promise<TreeNode>;
  /** Brings nodes into memory that will be asked for soon, in few requests; where it is missing, each is read alone. */
  prefetch?(hashes: readonly Hash[]): Promise<void>;
}

/** Where tree algorithms put nodes. */
export interface NodeSink {
  /** Takes the bytes of a new node and what it refers to (`referencesOf`), and returns its name. */
  add(bytes: Buffer, references: readonly Hash[]): Hash;
}

const emptyNode = decodeNode(encodeLeaf([]), emptyTree);

const cacheBytesDefault = 64 * 1024 * 1024;

/** The nodes of a project's trees: decoded, with those last used in memory. */
export class NodeStore implements NodeSource {
  readonly #blobs: BlobStore;
  readonly #cache: LRUCache<Hash, TreeNode>;
  readonly #memory: MemoryBudget | undefined;
  /** Nodes that a `prefetch` is under way for. */
  readonly #fetching = new Set<Hash>();
  /** Nodes read from the blob store, for tests and benchmarks that count. */
  reads = 0;

  /** `memory` is what its nodes share with other caches, if they do. */
  constructor(blobs: BlobStore, cacheBytes = cacheBytesDefault, memory?: MemoryBudget) {
    this.#blobs = blobs;
    this.#cache = new LRUCache({ maxSize: cacheBytes, sizeCalculation: (node) => node.memoryBytes });
    this.#memory = memory;
    memory?.add(this.#cache);
  }

  node(hash: Hash): TreeNode | Promise<TreeNode> {
    return this.#cache.get(hash) ?? (hash === emptyTree ? emptyNode : this.#load(hash));
  }

  /**
   * Brings nodes into memory, with as few requests as their places in the store allow. For who walks through a tree and
   * will ask for them soon; throws as `node` does.
   */
  async prefetch(hashes: readonly Hash[]): Promise<void> {
    const wanted = hashes.filter((hash) => !this.#cache.has(hash) && !this.#fetching.has(hash));
    for (const hash of wanted) this.#fetching.add(hash);
    try {
      for await (const { compressed, size, objects, pack } of readFrames(this.#blobs, wanted)) {
        const frame = decompress(compressed, size, 'A frame of tree nodes');
        const hints = this.#blobs.indexes.isLoaded ? undefined : hintsOf(compressed);
        for (const { hash, offset, length } of objects) {
          const bytes = frame.subarray(offset, offset + length);
          verify(hash, bytes);
          this.#take(hash, bytes, hints && pack && decodeHints(hints, pack, offset));
        }
      }
    } finally {
      for (const hash of wanted) this.#fetching.delete(hash);
    }
  }

  /**
   * Takes in a node that came from elsewhere than the store, with where its children lie (`locatedNode`). What is not
   * the node `hash` is ignored. Throws `tree/corrupt` and `tree/format-unknown` when that is no node.
   */
  offer(hash: Hash, encoded: Uint8Array): void {
    const node = nodeFrom(encoded, hash, this.#blobs);
    if (node !== undefined) this.#keep(hash, node);
  }

  /** Takes in a node that this process has just stored. `bytes` are what `hash` names, and don't change any more. */
  remember(hash: Hash, bytes: Buffer): void {
    this.#keep(hash, decodeNode(bytes, hash));
  }

  /** Whether `node` would answer without a look at the indexes. */
  isAtHand(hash: Hash): boolean {
    return this.#cache.has(hash) || this.#blobs.locate(hash) !== undefined;
  }

  /** Forgets what is in memory. */
  clear(): void {
    this.#cache.clear();
  }

  async #load(hash: Hash): Promise<TreeNode> {
    const { bytes, references } = await this.#blobs.getReferring(hash);
    return this.#take(hash, bytes, references);
  }

  #take(hash: Hash, bytes: Buffer, references: ReferenceLocations | undefined): TreeNode {
    this.reads++;
    // Copied, so that a cached node of a few kilobytes does not keep a whole frame alive.
    const node = decodeNode(Buffer.from(bytes), hash);
    if (references !== undefined) this.#blobs.learn(referencesOfNode(node), references);
    this.#keep(hash, node);
    return node;
  }

  #keep(hash: Hash, node: TreeNode): void {
    this.#cache.set(hash, node);
    this.#memory?.settle();
  }
}

/** Writes nodes into a batch and reads them back before the batch is flushed: for edits that follow one another. */
export class NodeTransaction implements NodeSource, NodeSink {
  readonly #source: NodeSource;
  readonly #batch: BlobBatch;
  readonly #written = new Map<Hash, Buffer>();
  readonly #decoded = new Map<Hash, TreeNode>();

  constructor(source: NodeSource, batch: BlobBatch) {
    this.#source = source;
    this.#batch = batch;
  }

  add(bytes: Buffer, references: readonly Hash[]): Hash {
    const hash = this.#batch.add(bytes, 'node', references);
    this.#written.set(hash, bytes);
    return hash;
  }

  node(hash: Hash): TreeNode | Promise<TreeNode> {
    const decoded = this.#decoded.get(hash);
    if (decoded !== undefined) return decoded;
    const bytes = this.#written.get(hash);
    if (bytes === undefined) return this.#source.node(hash);
    const node = decodeNode(bytes, hash);
    this.#decoded.set(hash, node);
    return node;
  }
}
