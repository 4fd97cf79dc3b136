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
import type { ObjectReader } from './object-reader.ts';
import type { ObjectWriter } from './object-writer.ts';
import type { Repository } from './repository.ts';

/** What a file, symlink or gitlink becomes in a git tree. */
export interface GitContent {
  readonly mode: number;
  readonly id: ObjectId;
}

/** The edits in one directory, by name: what becomes of a file, and what is edited further below. */
interface DirectoryEdits {
  readonly contents: Map<FileName, GitContent | undefined>;
  readonly directories: Map<FileName, DirectoryEdits>;
}

type Entries = Map<FileName, GitTreeEntry>;

/**
 * Edits a git tree without index or working tree: reads the directories that are touched, and writes those and no
 * others. Directories appear with the first thing in them and go with the last.
 */
export class GitTreeEdit {
  readonly #reader: ObjectReader;
  readonly #idBytes: number;
  readonly #root: ObjectId | undefined;
  readonly #edits: DirectoryEdits = { contents: new Map(), directories: new Map() };
  /** Directories of the tree before the edits. */
  readonly #before = new Map<TreePath, Entries>();

  /** `root` is the tree to begin with; undefined is an empty one. */
  constructor(repository: Repository, reader: ObjectReader, root: ObjectId | undefined) {
    this.#reader = reader;
    this.#idBytes = idBytesOf[repository.objectFormat];
    this.#root = root;
  }

  /** What the tree had at `path` before any edit. */
  async before(path: TreePath): Promise<GitTreeEntry | undefined> {
    return (await this.#directoryBefore(parentPath(path))).get(baseName(path));
  }

  /** Plans what becomes of `path`; undefined removes it. */
  set(path: TreePath, content: GitContent | undefined): void {
    this.#editsOf(parentPath(path)).contents.set(baseName(path), content);
  }

  /** Adds the directories that changed to `writer` and returns the new root. */
  async write(writer: ObjectWriter): Promise<ObjectId> {
    const { contents, directories } = this.#edits;
    if (this.#root !== undefined && contents.size + directories.size === 0) return this.#root;
    const root = await this.#write(writer, rootPath, this.#edits);
    return root ?? writer.add('tree', Buffer.alloc(0));
  }

  async #write(writer: ObjectWriter, path: TreePath, edits: DirectoryEdits): Promise<ObjectId | undefined> {
    const entries = new Map(await this.#directoryBefore(path));
    for (const [name, below] of edits.directories) {
      const id = await this.#write(writer, joinPath(path, name), below);
      const old = entries.get(name);
      if (id !== undefined) entries.set(name, { name, mode: gitMode.directory, id });
      else if (old !== undefined && isDirectory(old)) entries.delete(name);
    }
    for (const [name, content] of edits.contents) {
      const old = entries.get(name);
      const stays = old !== undefined && isDirectory(old);
      if (content !== undefined && stays) throw mismatch(joinPath(path, name));
      if (content !== undefined) entries.set(name, { name, ...content });
      else if (!stays) entries.delete(name);
    }
    return entries.size === 0 ? undefined : writer.add('tree', encodeGitTree(entries.values()));
  }

  async #directoryBefore(path: TreePath): Promise<Entries> {
    const known = this.#before.get(path);
    if (known !== undefined) return known;
    const id = path === rootPath ? this.#root : treeIdOf(await this.before(path));
    const bytes = id && (await this.#reader.read(id, 'tree'));
    const tree = bytes && parseGitTree(bytes, this.#idBytes, path);
    const entries: Entries = new Map(tree?.entries.map((entry) => [entry.name, entry]));
    this.#before.set(path, entries);
    return entries;
  }

  #editsOf(directory: TreePath): DirectoryEdits {
    if (directory === rootPath) return this.#edits;
    const { directories } = this.#editsOf(parentPath(directory));
    const name = baseName(directory);
    let edits = directories.get(name);
    if (edits === undefined) {
      edits = { contents: new Map(), directories: new Map() };
      directories.set(name, edits);
    }
    return edits;
  }
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
