import type { Hash } from '../base/hash.ts';
import { TreeAttributes } from '../merge/attributes.ts';
import type { MergePort } from '../merge/merge-port.ts';
import type { FileEntry } from '../tree/entry.ts';
import { lookup } from '../tree/lookup.ts';
import type { NodeSource } from '../tree/node-store.ts';
import type { FileTransaction } from './file-transaction.ts';

/**
 * What a merge needs of a project: `base` is the tree that both sides started from, and `ours` the one that the other is
 * merged into. The attributes of `ours` count, as in git, which reads them from the files that are checked out.
 */
export function treeMergePort(
  files: FileTransaction,
  nodes: NodeSource,
  { base, ours }: { readonly base: Hash; readonly ours: Hash },
): MergePort {
  const readFile = (file: FileEntry) => files.read(file);
  const attributes = new TreeAttributes({ entry: (path) => lookup(nodes, ours, path), readFile });
  return {
    baseEntry: (path) => lookup(nodes, base, path),
    readFile,
    writeFile: (bytes) => files.write(bytes),
    textDriver: (path) => attributes.textDriver(path),
  };
}
