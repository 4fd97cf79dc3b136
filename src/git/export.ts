import type { Hash } from '../base/hash.ts';
import type { BlobStore } from '../blob/blob-store.ts';
import { diffTrees, type TreeChange } from '../tree/diff.ts';
import type { Entry, FileEntry, SymlinkEntry } from '../tree/entry.ts';
import { listAll } from '../tree/lookup.ts';
import type { NodeStore } from '../tree/node-store.ts';
import { baseName, type TreePath, textFromPath } from '../tree/path.ts';
import { encodeCommit, type Signature } from './commit-object.ts';
import { ContentExport, type ContentKey, contentKey } from './content-export.ts';
import { GitError } from './git-error.ts';
import { gitMode } from './git-tree.ts';
import { type GitContent, GitTreeEdit } from './git-tree-edit.ts';
import type { ImportedCommit } from './import.ts';
import { modeOfFile } from './mode-mapping.ts';
import { type ObjectId, parseObjectIdOf } from './object-id.ts';
import { ObjectReader } from './object-reader.ts';
import { ObjectWriter } from './object-writer.ts';
import { type RefName, type RefState, updateRef } from './refs.ts';
import { checkPath } from './refused-paths.ts';
import type { Repository } from './repository.ts';
import { type Trailer, withTrailers } from './trailers.ts';

export interface ExportOptions {
  readonly repository: Repository;
  readonly blobs: BlobStore;
  readonly nodes: NodeStore;
  /** The tree to export. */
  readonly tree: Hash;
  /** Parents of the new commit; they must be in the repository. */
  readonly parents: readonly ObjectId[];
  readonly message: string;
  readonly author: Signature;
  readonly committer: Signature;
  readonly trailers?: readonly Trailer[];
  /**
   * A commit of the repository and the tree that an import of it gives (or from which it was exported): only what
   * differs from it is read and sent. The nearest is best.
   */
  readonly previous?: ImportedCommit;
  /** A ref to move to the new commit, if it is what is expected. */
  readonly ref?: { readonly name: RefName; readonly expected: RefState };
  /** Told from time to time, and once at the end. */
  readonly onProgress?: (progress: ExportProgress) => void;
}

export interface ExportProgress {
  /** Paths done so far, and in all; in an incremental export those that differ. */
  readonly paths: number;
  readonly pathsTotal: number;
}

export interface ExportResult {
  readonly commit: ObjectId;
  /** The git tree of the commit. */
  readonly gitTree: ObjectId;
  /** Objects that were sent to git: contents, directories and the commit. */
  readonly objects: number;
}

const pathsPerReport = 256;

/**
 * Makes a git commit of a tree. Nothing but objects is written, and `ref` where it is given: no working tree, no index.
 * A tree that was imported gets the git tree id that it came from (`docs/formats/git-mapping.md` has the exceptions).
 * Throws GitErrors, of which `git/ref-moved` means that the commit was made and the ref is where it was.
 */
export async function exportTree(options: ExportOptions): Promise<ExportResult> {
  const { repository, parents, author, committer, message, trailers = [], ref } = options;
  const reader = await ObjectReader.open(repository);
  try {
    for (const parent of parents) await checkParent(repository, reader, parent);
    const writer = new ObjectWriter(repository);
    const gitTree = await exportFiles(options, reader, writer);
    const content = { tree: gitTree, parents, author, committer, message: withTrailers(message, trailers) };
    const commit = await writer.add('commit', encodeCommit(content));
    await writer.flush();
    if (ref) {
      const reason = `micelio: ${message.split('\n', 1)[0]}`;
      await updateRef(repository, { ref: ref.name, expected: ref.expected, id: commit, reason });
    }
    return { commit, gitTree, objects: writer.objects };
  } finally {
    await reader.close();
  }
}

async function exportFiles(
  options: ExportOptions,
  reader: ObjectReader,
  writer: ObjectWriter,
): Promise<ObjectId> {
  const { repository, blobs, previous, onProgress } = options;
  const base = previous && (await reader.typeOf(previous.commit)) === 'commit' ? previous : undefined;
  const root = base && (await reader.treeOfCommit(base.commit));
  const edit = new GitTreeEdit(repository, reader, root);
  const changes = await Array.fromAsync(changesSince(options, base?.tree));
  const known = await knownContents(edit, changes);
  const contents = new ContentExport(blobs, writer, known);
  let paths = 0;
  const report = () => onProgress?.({ paths, pathsTotal: changes.length });
  for (const { path, after } of changes) {
    if (after !== undefined) checkPath(path, baseName(path));
    edit.set(path, after && (await gitContentOf(repository, contents, after)));
    if (++paths % pathsPerReport === 0) report();
  }
  report();
  return edit.write(writer);
}

async function* changesSince(
  { nodes, tree }: ExportOptions,
  base: Hash | undefined,
): AsyncGenerator<TreeChange> {
  if (base !== undefined) return yield* diffTrees(nodes, base, tree);
  for await (const { path, entry } of listAll(nodes, tree)) yield { path, before: undefined, after: entry };
}

/** The git ids of contents that were there before: what only moved, or changed its mode, is not sent again. */
async function knownContents(
  edit: GitTreeEdit,
  changes: readonly TreeChange[],
): Promise<Map<ContentKey, ObjectId>> {
  const known = new Map<ContentKey, ObjectId>();
  for (const { path, before } of changes) {
    if (before === undefined || before.type === 'directory') continue;
    const old = await edit.before(path);
    if (old === undefined) throw mismatch(path);
    if (hasContent(before)) known.set(contentKey(before), old.id);
  }
  return known;
}

/** What a git tree says of an entry; undefined for a directory, which git knows only by what is in it. */
async function gitContentOf(
  repository: Repository,
  contents: ContentExport,
  entry: Entry,
): Promise<GitContent | undefined> {
  switch (entry.type) {
    case 'directory':
      return undefined;
    case 'gitlink':
      return { mode: gitMode.gitlink, id: parseObjectIdOf(repository.objectFormat, entry.commit) };
    case 'symlink':
      return { mode: gitMode.symlink, id: await contents.blobId(entry) };
    case 'file':
      return { mode: modeOfFile(entry), id: await contents.blobId(entry) };
  }
}

function hasContent(entry: Entry): entry is FileEntry | SymlinkEntry {
  return entry.type === 'file' || entry.type === 'symlink';
}

async function checkParent(repository: Repository, reader: ObjectReader, parent: ObjectId): Promise<void> {
  if ((await reader.typeOf(parent)) === 'commit') return;
  throw new GitError(
    'git/revision-unknown',
    `The parent ${parent} is no commit of ${repository.gitDirectory}. Fetch it first.`,
  );
}

function mismatch(path: TreePath): GitError {
  return new GitError(
    'git/previous-mismatch',
    `The previous commit has no "${textFromPath(path)}", though the previous tree has: they don't belong together. Export without a previous commit.`,
  );
}
