import { type Hash, hashOf } from '../base/hash.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { decodeReferring, encodeReferring } from '../blob/referring-object.ts';
import { decodeNode, type TreeNode } from './node.ts';
import type { NodeSource } from './node-store.ts';
import { referencesOfNode } from './references.ts';

/**
 * A node and where its children lie, as bytes to be kept in a small document beside its hash: who reads the document
 * hands them to `NodeStore.offer` and walks down from there with one request a level. To be asked for once the batch
 * that wrote the node is flushed; then `nodes` may be its `NodeTransaction`. Throws as `NodeSource.node` does.
 */
export async function locatedNode(nodes: NodeSource, blobs: BlobStore, hash: Hash): Promise<Buffer> {
  const node = await nodes.node(hash);
  const references = referencesOfNode(node).map((reference) => blobs.locate(reference));
  return encodeReferring({ bytes: node.bytes, references });
}

/**
 * The node in what `locatedNode` gave, and `blobs` learns where its children lie; undefined for bytes that are not the
 * node `hash`.
 */
export function nodeFrom(encoded: Uint8Array, hash: Hash, blobs: BlobStore): TreeNode | undefined {
  const object = decodeReferring(encoded);
  if (object === undefined || hashOf(object.bytes) !== hash) return undefined;
  const node = decodeNode(Buffer.from(object.bytes), hash);
  if (object.references !== undefined) blobs.learn(referencesOfNode(node), object.references);
  return node;
}
