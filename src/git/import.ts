import type { Hash } from '../base/hash.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { countEntries } from '../tree/lookup.ts';
import { type NodeStore, NodeTransaction } from '../tree/node-store.ts';
import type { TreePath } from '../tree/path.ts';
import type { ObjectId } from './object-id.ts';
import { type Repository, resolveCommit } from './repository.ts';
import { type OnImportProgress, TreeImporter } from './tree-importer.ts';

/** A commit and the tree that its import gave. */
export interface ImportedCommit {
  readonly commit: ObjectId;
  readonly tree: Hash;
}

export interface ImportOptions {
  readonly repository: Repository;
  /** Whatever git takes for a commit: a branch, a tag, `HEAD~2`, an id. */
  readonly revision: string;
  readonly blobs: BlobStore;
  readonly nodes: NodeStore;
  /** An earlier import of the same repository: only what differs from it is read. Any commit will do, the nearest is best. */
  readonly previous?: ImportedCommit;
  /** Told from time to time, and once at the end. */
  readonly onProgress?: OnImportProgress;
}

export interface ImportResult extends ImportedCommit {
  /** Entries of the tree, directories included. */
  readonly entries: number;
  /** How much the store gained: objects, and their bytes before compression. */
  readonly newObjects: number;
  readonly newBytes: number;
  /** `full` also where the previous commit is not in the repository any more. */
  readonly basis: 'full' | 'incremental';
  /**
   * Directories among those that were read (the first hundred) whose git tree is not as git writes it: exporting the
   * tree again gives another git tree id. `docs/formats/git-mapping.md` says what they can be.
   */
  readonly irregular: readonly TreePath[];
}

/**
 * Imports the files of a git commit into a project's store, durably, and returns the tree. The same commit gives the
 * same tree, imported in full or from any previous commit. Throws GitErrors; whatever was stored before an error is
 * found again by the next import.
 */
export async function importRevision(options: ImportOptions): Promise<ImportResult> {
  const { repository, blobs, nodes, previous, onProgress } = options;
  const commit = await resolveCommit(repository, options.revision);
  const importer = await TreeImporter.open(repository);
  try {
    const root = await importer.treeOfCommit(commit);
    const batch = await blobs.openBatch();
    const base = previous && (await importer.hasCommit(previous.commit)) ? previous : undefined;
    const imported =
      base === undefined
        ? await importer.importAll(root, batch, onProgress)
        : await importer.importChanges(
            root,
            { root: await importer.treeOfCommit(base.commit), tree: base.tree },
            batch,
            new NodeTransaction(nodes, batch),
            onProgress,
          );
    await batch.flush();
    const entries = await countEntries(nodes, imported.tree);
    const { newObjects, newBytes } = batch;
    return { ...imported, commit, entries, newObjects, newBytes, basis: base ? 'incremental' : 'full' };
  } finally {
    await importer.close();
  }
}
