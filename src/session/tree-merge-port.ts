import type { Hash } from '../base/hash.ts';
import { TreeAttributes } from '../merge/attributes.ts';
import type { MergePort } from '../merge/merge-port.ts';
import type { FileEntry } from '../tree/entry.ts';
import { lookup } from '../tree/lookup.ts';
import type { NodeSource } from '../tree/node-store.ts';
import type { FileTransaction } from './file-transaction.ts';

/**
 * What a merge needs of a project: `base` is the tree that both sides started from, and `attributes` the one whose
 * `.gitattributes` count. Where a head is merged with a session it is the head's, whichever is merged into which: so
 * landing and syncing call the same things conflicts.
 */
export function treeMergePort(
  files: FileTransaction,
  nodes: NodeSource,
  trees: { readonly base: Hash; readonly attributes: Hash },
): MergePort {
  const readFile = (file: FileEntry) => files.read(file);
  const attributes = new TreeAttributes({
    entry: (path) => lookup(nodes, trees.attributes, path),
    readFile,
  });
  return {
    baseEntry: (path) => lookup(nodes, trees.base, path),
    readFile,
    writeFile: (bytes) => files.write(bytes),
    textDriver: (path) => attributes.textDriver(path),
  };
}
