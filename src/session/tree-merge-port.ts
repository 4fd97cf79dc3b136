import type { Hash } from '../base/hash.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import { addFile, readWholeFile } from '../blob/file.ts';
import type { MergePort } from '../merge/merge-port.ts';
import { lookup } from '../tree/lookup.ts';
import type { NodeSource } from '../tree/node-store.ts';
import type { ProjectContext } from './project.ts';

/** What a merge needs of a project: `base` is the tree that both sides started from. */
export function treeMergePort(
  project: ProjectContext,
  batch: BlobBatch,
  nodes: NodeSource,
  base: Hash,
): MergePort {
  return {
    baseEntry: (path) => lookup(nodes, base, path),
    readFile: (file) => readWholeFile(project.blobs, file),
    writeFile: (bytes) => addFile(batch, bytes),
  };
}
