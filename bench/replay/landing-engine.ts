import type { Hash } from '../../src/base/hash.ts';
import type { BlobBatch } from '../../src/blob/blob-batch.ts';
import { BlobStore } from '../../src/blob/blob-store.ts';
import type { ObjectId } from '../../src/git/object-id.ts';
import type { Repository } from '../../src/git/repository.ts';
import { type ImportedRoot, TreeImporter } from '../../src/git/tree-importer.ts';
import { FileTransaction } from '../../src/session/file-transaction.ts';
import { changesBetween, type Merged, mergeOntoHead } from '../../src/session/landing/merge-onto-head.ts';
import { PathFilter } from '../../src/session/path-filter.ts';
import { DirectoryStore } from '../../src/storage/directory/directory-store.ts';
import { type Disk, realDisk } from '../../src/storage/directory/disk.ts';
import { type TreeChange, treeChanges } from '../../src/tree/diff.ts';
import type { Entry } from '../../src/tree/entry.ts';
import { NodeStore, NodeTransaction } from '../../src/tree/node-store.ts';
import { textFromPath } from '../../src/tree/path.ts';
import type { MergeCase } from './git-merges.ts';
import type { EngineMerge, MergeEngine } from './merge-engine.ts';

/** What is lost in a power cut is replayed again. */
const hastyDisk: Disk = {
  ...realDisk,
  flush() {},
  async flushInBackground() {},
  flushDirectory() {},
  async flushDirectoryInBackground() {},
};

/** Contents and nodes that are written and not yet stored. */
interface Pending {
  readonly batch: BlobBatch;
  readonly nodes: NodeTransaction;
}

/**
 * Merges as landings do: the commits are imported into a store, and merged by what a landing merges with. The store is
 * in a directory, so that memory does not grow with the repository; of a commit is imported what differs from another
 * one that was imported before.
 */
export class LandingEngine implements MergeEngine {
  readonly #repository: Repository;
  readonly #blobs: BlobStore;
  readonly #nodes: NodeStore;
  readonly #commits = new Map<string, ImportedRoot>();
  #importer: TreeImporter | undefined;
  #pending: Pending | undefined;
  /** One thing is done at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /** `repository` must have the objects of what git merges, too. `directory` is empty, or not there yet. */
  constructor(repository: Repository, directory: string) {
    this.#repository = repository;
    this.#blobs = new BlobStore(new DirectoryStore(directory, { disk: hastyDisk }), 'projects/replay');
    this.#nodes = new NodeStore(this.#blobs);
  }

  merge(one: MergeCase, base: string): Promise<EngineMerge> {
    return this.#inTurn(async () => {
      const ours = await this.#imported(one.ours, undefined);
      const common = await this.#imported(base, ours);
      const theirs = await this.#imported(one.theirs, common);
      await this.#store();
      return this.#merge(common.tree, ours, theirs.tree);
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#stopImporter());
  }

  async #merge(base: Hash, ours: ImportedRoot, theirs: Hash): Promise<EngineMerge> {
    const { batch, nodes } = await this.#open();
    const files = new FileTransaction(this.#blobs, batch);
    const changes = await changesBetween(nodes, base, theirs);
    const full = await mergeOntoHead(files, nodes, ours.tree, changes, undefined);
    // One filter of all that changed says "may touch" less often than those of the landings that it came by.
    const filter = PathFilter.of(await treeChanges(nodes, base, ours.tree));
    const filtered = !filter.mayTouch(changes.query);
    const withFilter = filtered ? await mergeOntoHead(files, nodes, ours.tree, changes, [filter]) : full;
    return {
      conflicts: full.outcome === 'clean' ? [] : full.conflicts.map(({ kind, path }) => `${kind}: ${path}`),
      filterMiss: sameOutcome(full, withFilter) ? undefined : `without filters: ${describe(full)}`,
      filtered,
      differences: (id) => this.#inTurn(() => this.#differences(full, ours, id as ObjectId)),
    };
  }

  async #differences(
    merged: Merged,
    ours: ImportedRoot,
    id: ObjectId,
  ): Promise<readonly string[] | undefined> {
    if (merged.outcome === 'conflict') return undefined;
    const { batch, nodes } = await this.#open();
    const importer = await this.#openImporter();
    const expected = await this.#orStop(importer.importChanges(id, ours, batch, nodes));
    const changes = await treeChanges(nodes, expected.tree, merged.tree);
    return changes.filter(({ before, after }) => !sameForGit(before, after)).map(difference);
  }

  async #imported(commit: string, near: ImportedRoot | undefined): Promise<ImportedRoot> {
    const known = this.#commits.get(commit);
    if (known !== undefined) return known;
    const importer = await this.#openImporter();
    const root = await this.#orStop(importer.treeOfCommit(commit as ObjectId));
    const from = near ?? [...this.#commits.values()].at(-1);
    const tree = await this.#orStop(this.#importFrom(importer, root, from));
    const imported = { root, tree };
    this.#commits.set(commit, imported);
    return imported;
  }

  async #importFrom(importer: TreeImporter, root: ObjectId, from: ImportedRoot | undefined): Promise<Hash> {
    const { batch, nodes } = await this.#open();
    if (from !== undefined) return (await importer.importChanges(root, from, batch, nodes)).tree;
    const { tree } = await importer.importAll(root, batch);
    // The nodes of a whole tree are read from the store.
    await this.#store();
    return tree;
  }

  async #open(): Promise<Pending> {
    if (this.#pending === undefined) {
      const batch = await this.#blobs.openBatch();
      this.#pending = { batch, nodes: new NodeTransaction(this.#nodes, batch) };
    }
    return this.#pending;
  }

  async #store(): Promise<void> {
    await this.#pending?.batch.flush();
    this.#pending = undefined;
  }

  async #openImporter(): Promise<TreeImporter> {
    this.#importer ??= await TreeImporter.open(this.#repository);
    return this.#importer;
  }

  /** After an error an importer is of no more use. */
  async #orStop<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      await this.#stopImporter();
      throw error;
    }
  }

  async #stopImporter(): Promise<void> {
    await this.#importer?.close();
    this.#importer = undefined;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    // Whoever asked hears of a failure; the next in turn does not.
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function sameOutcome(a: Merged, b: Merged): boolean {
  return a.outcome === 'clean' && b.outcome === 'clean' ? a.tree === b.tree : a === b;
}

function describe(merged: Merged): string {
  if (merged.outcome === 'clean') return 'another tree';
  return merged.conflicts.map(({ kind, path }) => `${kind}: ${textFromPath(path)}`).join('; ');
}

/** Git takes the modes 644 and 664 of its early days for the same, and writes 644 where it writes a directory anew. */
function sameForGit(a: Entry | undefined, b: Entry | undefined): boolean {
  return a?.type === 'file' && b?.type === 'file' && a.hash === b.hash && !((a.mode ^ b.mode) & 0o111);
}

function difference({ path, before, after }: TreeChange): string {
  const how = before === undefined ? 'only ours' : after === undefined ? "only git's" : 'differs';
  return `${textFromPath(path)} (${how})`;
}
