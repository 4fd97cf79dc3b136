import type { BlobStore } from '../blob/blob-store.ts';
import type { NodeStore } from '../tree/node-store.ts';

/** The files and trees of one project, in its store. */
export interface ProjectContent {
  readonly blobs: BlobStore;
  readonly nodes: NodeStore;
}
