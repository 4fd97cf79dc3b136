import { type Hash, hashOf } from '../base/hash.ts';
import { decodeNode, type TreeNode } from './node.ts';
import type { NodeSink, NodeSource } from './node-store.ts';

/** Nodes in a map: for tests, and for trees that live no longer than the process. Counts what is read. */
export class MemoryNodes implements NodeSource, NodeSink {
  readonly bytes = new Map<Hash, Buffer>();
  reads = 0;

  add(bytes: Buffer): Hash {
    const hash = hashOf(bytes);
    this.bytes.set(hash, bytes);
    return hash;
  }

  node(hash: Hash): TreeNode {
    this.reads++;
    const bytes = this.bytes.get(hash);
    if (bytes === undefined) throw new Error(`No node ${hash}`);
    return decodeNode(bytes, hash);
  }
}
