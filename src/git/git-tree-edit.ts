import {
  baseName,
  type FileName,
  joinPath,
  parentPath,
  rootPath,
  type TreePath,
  textFromPath,
} from '../tree/path.ts';
import { GitError } from './git-error.ts';
import { encodeGitTree, type GitTreeEntry, gitMode, kindOfMode, parseGitTree } from './git-tree.ts';
import { idBytesOf, type ObjectId } from './object-id.ts';
import type { GitObjectType } from './object-reader.ts';
import type { Repository } from './repository.ts';

/** What a file, symlink or gitlink becomes in a git tree. */
export interface GitContent {
  readonly mode: number;
  readonly id: ObjectId;
}

/** Where tree objects are read from: an `ObjectReader`, or something in front of one. */
export interface TreeSource {
  read(id: ObjectId, type: 'tree'): Promise<Buffer>;
}

/** Where objects go: an `ObjectWriter`, or something in front of one. */
export interface ObjectSink {
  add(type: GitObjectType, bytes: Uint8Array): Promise<ObjectId>;
}

/** The edits in one directory, by name: what becomes of a file, and what is edited further below. */
interface DirectoryEdits {
  /** What the directory is before the edits, where that is not what the tree had: another tree, or nothing. */
  replacement: ObjectId | 'nothing' | undefined;
  readonly contents: Map<FileName, GitContent | undefined>;
  readonly directories: Map<FileName, DirectoryEdits>;
}

type Entries = ReadonlyMap<FileName, GitTreeEntry>;

/** Directories that were read or written, by their trees. */
export type KnownTrees = Map<ObjectId, Entries>;

/**
 * Edits a git tree without index or working tree: reads the directories that are touched, and writes those and no
 * others. Directories appear with the first thing in them and go with the last.
 */
export class GitTreeEdit {
  readonly #source: TreeSource;
  readonly #idBytes: number;
  readonly #root: ObjectId | undefined;
  readonly #edits: DirectoryEdits = noEdits();
  readonly #known: KnownTrees;

  /**
   * `root` is the tree to begin with; undefined is an empty one. Whoever edits one tree after the other gives the same `known`
   * to all, so that what one has written need not be read for the next.
   */
  constructor(
    repository: Repository,
    source: TreeSource,
    root: ObjectId | undefined,
    known: KnownTrees = new Map(),
  ) {
    this.#known = known;
    this.#source = source;
    this.#idBytes = idBytesOf[repository.objectFormat];
    this.#root = root;
  }

  /** What the tree had at `path` before any edit. */
  async before(path: TreePath): Promise<GitTreeEntry | undefined> {
    const directory = parentPath(path);
    const id = directory === rootPath ? this.#root : treeIdOf(await this.before(directory));
    return (await this.#entriesOf(id, directory)).get(baseName(path));
  }

  /** What the directory `path` had in it before any edit: nothing, where there is none. */
  async entriesBefore(path: TreePath): Promise<Iterable<GitTreeEntry>> {
    const id = path === rootPath ? this.#root : treeIdOf(await this.before(path));
    return (await this.#entriesOf(id, path)).values();
  }

  /** Plans what becomes of `path`; undefined removes it. */
  set(path: TreePath, content: GitContent | undefined): void {
    this.#editsOf(parentPath(path)).contents.set(baseName(path), content);
  }

  /** Plans that the directory `path` is `tree`, with what is planned below it on top; undefined removes all that is in it. */
  setDirectory(path: TreePath, tree: ObjectId | undefined): void {
    this.#editsOf(path).replacement = tree ?? 'nothing';
  }

  /** Adds the directories that changed to `writer` and returns the new root. */
  async write(writer: ObjectSink): Promise<ObjectId> {
    const { contents, directories } = this.#edits;
    if (this.#root !== undefined && contents.size + directories.size === 0) return this.#root;
    const root = await this.#write(writer, rootPath, this.#edits, this.#root);
    return root ?? writer.add('tree', Buffer.alloc(0));
  }

  /** `id` is the directory before the edits. */
  async #write(
    writer: ObjectSink,
    path: TreePath,
    edits: DirectoryEdits,
    id: ObjectId | undefined,
  ): Promise<ObjectId | undefined> {
    const { replacement, contents, directories } = edits;
    const base = replacement === undefined ? id : replacement === 'nothing' ? undefined : replacement;
    if (base !== undefined && contents.size + directories.size === 0) return base;
    const entries = new Map(await this.#entriesOf(base, path));
    for (const [name, below] of directories) {
      const old = entries.get(name);
      const written = await this.#write(writer, joinPath(path, name), below, treeIdOf(old));
      if (written !== undefined) entries.set(name, { name, mode: gitMode.directory, id: written });
      else if (old !== undefined && isDirectory(old)) entries.delete(name);
    }
    for (const [name, content] of contents) {
      const old = entries.get(name);
      const stays = old !== undefined && isDirectory(old);
      if (content !== undefined && stays) throw mismatch(joinPath(path, name));
      if (content !== undefined) entries.set(name, { name, ...content });
      else if (!stays) entries.delete(name);
    }
    if (entries.size === 0) return undefined;
    const written = await writer.add('tree', encodeGitTree(entries.values()));
    this.#known.set(written, entries);
    return written;
  }

  async #entriesOf(id: ObjectId | undefined, path: TreePath): Promise<Entries> {
    const known = id && this.#known.get(id);
    if (known !== undefined) return known;
    const bytes = id && (await this.#source.read(id, 'tree'));
    const tree = bytes && parseGitTree(bytes, this.#idBytes, path);
    const entries: Entries = new Map(tree?.entries.map((entry) => [entry.name, entry]));
    if (id !== undefined) this.#known.set(id, entries);
    return entries;
  }

  #editsOf(directory: TreePath): DirectoryEdits {
    if (directory === rootPath) return this.#edits;
    const { directories } = this.#editsOf(parentPath(directory));
    const name = baseName(directory);
    let edits = directories.get(name);
    if (edits === undefined) {
      edits = noEdits();
      directories.set(name, edits);
    }
    return edits;
  }
}

function noEdits(): DirectoryEdits {
  return { replacement: undefined, contents: new Map(), directories: new Map() };
}

function isDirectory(entry: GitTreeEntry): boolean {
  return kindOfMode(entry.mode, entry.name) === 'directory';
}

function treeIdOf(entry: GitTreeEntry | undefined): ObjectId | undefined {
  return entry !== undefined && isDirectory(entry) ? entry.id : undefined;
}

function mismatch(path: TreePath): GitError {
  return new GitError(
    'git/previous-mismatch',
    `"${textFromPath(path)}" would be a file and a directory at once: the previous tree is not that of the previous commit. Export without a previous commit.`,
  );
}
