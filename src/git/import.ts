import type { Hash } from '../base/hash.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { TreeBuilder } from '../tree/build.ts';
import { editTree, type TreeEdit } from '../tree/edit.ts';
import { directoryMode, type Entry } from '../tree/entry.ts';
import { countEntries } from '../tree/lookup.ts';
import { type NodeStore, NodeTransaction } from '../tree/node-store.ts';
import { ancestorsOf, type TreePath } from '../tree/path.ts';
import { ContentImport } from './content-import.ts';
import { DirectoryWalk, type WalkedEntry } from './directory-walk.ts';
import { kindOfMode } from './git-tree.ts';
import { diffGitTrees } from './git-tree-diff.ts';
import type { ObjectId } from './object-id.ts';
import { ObjectReader } from './object-reader.ts';
import { fetchMissingBlobs } from './partial-clone.ts';
import { type Repository, resolveCommit } from './repository.ts';

/** A commit and the tree that its import gave. */
export interface ImportedCommit {
  readonly commit: ObjectId;
  readonly tree: Hash;
}

export interface ImportProgress {
  /** Files, symlinks and gitlinks done so far, and in all; in an incremental import those that differ. */
  readonly files: number;
  readonly filesTotal: number;
  /** Bytes of their contents so far. */
  readonly bytes: number;
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
  readonly onProgress?: (progress: ImportProgress) => void;
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

const filesPerReport = 256;

/**
 * Imports the files of a git commit into a project's store, durably, and returns the tree. The same commit gives the
 * same tree, imported in full or from any previous commit. Throws GitErrors; whatever was stored before an error is
 * found again by the next import.
 */
export async function importRevision(options: ImportOptions): Promise<ImportResult> {
  const { repository, blobs, nodes, previous } = options;
  const commit = await resolveCommit(repository, options.revision);
  const reader = await ObjectReader.open(repository);
  try {
    const root = await reader.treeOfCommit(commit);
    const batch = await blobs.openBatch();
    const base = previous && (await reader.typeOf(previous.commit)) === 'commit' ? previous : undefined;
    const imported =
      base === undefined
        ? await importAll(options, reader, batch, root)
        : await importChanges(options, reader, batch, base, root);
    await batch.flush();
    const entries = await countEntries(nodes, imported.tree);
    const { newObjects, newBytes } = batch;
    return { ...imported, commit, entries, newObjects, newBytes, basis: base ? 'incremental' : 'full' };
  } finally {
    await reader.close();
  }
}

interface ImportedTree {
  readonly tree: Hash;
  readonly irregular: readonly TreePath[];
}

async function importAll(
  { repository, onProgress }: ImportOptions,
  reader: ObjectReader,
  batch: BlobBatch,
  root: ObjectId,
): Promise<ImportedTree> {
  await fetchMissingBlobs(repository, undefined, root);
  const walk = await DirectoryWalk.read(repository, reader, root);
  const contents = new ContentImport(reader, batch, walk.entries());
  const builder = new TreeBuilder({ add: (bytes) => batch.add(bytes, 'node') });
  const report = new ProgressReport(onProgress, walk.record.files);
  for (const walked of walk.entries()) {
    if (kindOfMode(walked.entry.mode, walked.path) === 'directory') {
      builder.add(walked.path, { type: 'directory', mode: directoryMode });
    } else {
      const coming = contents.entry(walked);
      const entry = coming instanceof Promise ? await coming : coming;
      builder.add(walked.path, entry);
      report.done(entry);
    }
  }
  report.end();
  return { tree: builder.finish(), irregular: walk.record.irregular };
}

async function importChanges(
  { repository, nodes, onProgress }: ImportOptions,
  reader: ObjectReader,
  batch: BlobBatch,
  base: ImportedCommit,
  root: ObjectId,
): Promise<ImportedTree> {
  const baseRoot = await reader.treeOfCommit(base.commit);
  await fetchMissingBlobs(repository, baseRoot, root);
  const { changes, record } = await diffGitTrees(repository, reader, baseRoot, root);
  const added: WalkedEntry[] = [];
  for (const { path, after } of changes) if (after !== undefined) added.push({ path, entry: after });
  const contents = new ContentImport(reader, batch, added);
  const edits = new Map<TreePath, TreeEdit>();
  const report = new ProgressReport(onProgress, changes.length);
  for (const walked of added) {
    const entry = await contents.entry(walked);
    edits.set(walked.path, { path: walked.path, entry });
    report.done(entry);
  }
  for (const { path, after } of changes) {
    if (after !== undefined) continue;
    edits.set(path, { path, entry: undefined });
    // A directory goes with the last file in it; one that still has something stays.
    for (const directory of ancestorsOf(path)) {
      if (!edits.has(directory)) edits.set(directory, { path: directory, entry: undefined });
    }
    report.done(undefined);
  }
  report.end();
  const tree = await editTree(new NodeTransaction(nodes, batch), base.tree, [...edits.values()]);
  return { tree, irregular: record.irregular };
}

class ProgressReport {
  readonly #onProgress: ImportOptions['onProgress'];
  readonly #filesTotal: number;
  #files = 0;
  #bytes = 0;

  constructor(onProgress: ImportOptions['onProgress'], filesTotal: number) {
    this.#onProgress = onProgress;
    this.#filesTotal = filesTotal;
  }

  done(entry: Entry | undefined): void {
    if (entry !== undefined && 'size' in entry) this.#bytes += entry.size;
    if (++this.#files % filesPerReport === 0) this.end();
  }

  end(): void {
    this.#onProgress?.({ files: this.#files, filesTotal: this.#filesTotal, bytes: this.#bytes });
  }
}
