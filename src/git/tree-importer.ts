import type { Hash } from '../base/hash.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import type { FileContent } from '../blob/file.ts';
import { TreeBuilder } from '../tree/build.ts';
import { editTree, type TreeEdit } from '../tree/edit.ts';
import { directoryMode, type Entry } from '../tree/entry.ts';
import type { NodeTransaction } from '../tree/node-store.ts';
import { ancestorsOf, type TreePath } from '../tree/path.ts';
import { ContentImport } from './content-import.ts';
import { DirectoryWalk, type WalkedEntry } from './directory-walk.ts';
import { kindOfMode } from './git-tree.ts';
import { diffGitTrees } from './git-tree-diff.ts';
import type { ObjectId } from './object-id.ts';
import { ObjectReader } from './object-reader.ts';
import { fetchMissingBlobs, isPartialClone } from './partial-clone.ts';
import type { Repository } from './repository.ts';

/** A git tree and the tree of ours that its import gave. */
export interface ImportedRoot {
  readonly root: ObjectId;
  readonly tree: Hash;
}

export interface ImportProgress {
  /** Files, symlinks and gitlinks done so far, and in all; in an incremental import those that differ. */
  readonly files: number;
  readonly filesTotal: number;
  /** Bytes of their contents so far. */
  readonly bytes: number;
}

export type OnImportProgress = (progress: ImportProgress) => void;

export interface ImportedTree {
  readonly tree: Hash;
  /** As `ImportResult.irregular`. */
  readonly irregular: readonly TreePath[];
}

const filesPerReport = 256;
/** Contents that are remembered from one import to the next; some 300 bytes each. */
const contentsMax = 500_000;

/**
 * Imports git trees of one repository, one after the other, through one running git. What an import adds to its batch
 * counts as stored for those that follow: every batch must be flushed in the end, or the importer closed. After an error
 * only `close` is left.
 */
export class TreeImporter {
  readonly #repository: Repository;
  readonly #reader: ObjectReader;
  readonly #isPartial: boolean;
  /** Contents by their git ids, the oldest first. */
  readonly #contents = new Map<ObjectId, FileContent>();

  private constructor(repository: Repository, reader: ObjectReader, isPartial: boolean) {
    this.#repository = repository;
    this.#reader = reader;
    this.#isPartial = isPartial;
  }

  static async open(repository: Repository): Promise<TreeImporter> {
    const isPartial = await isPartialClone(repository);
    return new TreeImporter(repository, await ObjectReader.open(repository), isPartial);
  }

  /** Ends git, wherever it is. */
  close(): Promise<void> {
    return this.#reader.close();
  }

  /** Whether the repository has the commit `id`. */
  async hasCommit(id: ObjectId): Promise<boolean> {
    return (await this.#reader.typeOf(id)) === 'commit';
  }

  /** The git tree of a commit. Throws as `ObjectReader.read` does. */
  treeOfCommit(commit: ObjectId): Promise<ObjectId> {
    return this.#reader.treeOfCommit(commit);
  }

  /** Imports all files of the git tree `root` into `batch`. */
  async importAll(root: ObjectId, batch: BlobBatch, onProgress?: OnImportProgress): Promise<ImportedTree> {
    if (this.#isPartial) await fetchMissingBlobs(this.#repository, undefined, root);
    const walk = await DirectoryWalk.read(this.#repository, this.#reader, root);
    const contents = new ContentImport(this.#reader, batch, walk.entries(), this.#contents);
    const builder = new TreeBuilder({ add: (bytes, references) => batch.add(bytes, 'node', references) });
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
    await this.#finish(contents);
    return { tree: builder.finish(), irregular: walk.record.irregular };
  }

  /** Imports into `batch` what differs between the git trees of `base` and `root`. Our nodes of `base` come from `nodes`. */
  async importChanges(
    root: ObjectId,
    base: ImportedRoot,
    batch: BlobBatch,
    nodes: NodeTransaction,
    onProgress?: OnImportProgress,
  ): Promise<ImportedTree> {
    if (this.#isPartial) await fetchMissingBlobs(this.#repository, base.root, root);
    const { changes, record } = await diffGitTrees(this.#repository, this.#reader, base.root, root);
    const added: WalkedEntry[] = [];
    for (const { path, after } of changes) if (after !== undefined) added.push({ path, entry: after });
    const contents = new ContentImport(this.#reader, batch, added, this.#contents);
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
    await this.#finish(contents);
    return { tree: await editTree(nodes, base.tree, [...edits.values()]), irregular: record.irregular };
  }

  async #finish(contents: ContentImport): Promise<void> {
    await contents.finish();
    for (const [id, content] of contents.added) this.#contents.set(id, content);
    for (const id of this.#contents.keys()) {
      if (this.#contents.size <= contentsMax) return;
      this.#contents.delete(id);
    }
  }
}

class ProgressReport {
  readonly #onProgress: OnImportProgress | undefined;
  readonly #filesTotal: number;
  #files = 0;
  #bytes = 0;

  constructor(onProgress: OnImportProgress | undefined, filesTotal: number) {
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
