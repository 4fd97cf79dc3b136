import { ancestorsOf, joinPath, rootPath, type TreePath, textFromPath } from '../tree/path.ts';
import { GitError } from './git-error.ts';
import { type GitTree, type GitTreeEntry, kindOfMode, parseGitTree } from './git-tree.ts';
import { idBytesOf, type ObjectId } from './object-id.ts';
import { type ObjectReader, wholeBytes } from './object-reader.ts';
import { checkPath } from './refused-paths.ts';
import type { Repository } from './repository.ts';

/** Most directories, and most files, of one git tree. A few kilobytes of hostile trees can name billions. */
const directoriesMax = 1_000_000;
const filesMax = 20_000_000;
/** Most irregular directories that are named. */
const irregularMax = 100;

/** A directory of a git tree, as the object that was read. */
interface GitDirectory {
  readonly path: TreePath;
  readonly bytes: Buffer;
}

export interface WalkedEntry {
  readonly path: TreePath;
  readonly entry: GitTreeEntry;
}

/** Collects what a walk over git trees sees once: how much there is, and what is not as git would write it. */
export class WalkRecord {
  /** Directories whose git tree cannot be written again as it is, the first hundred of them. */
  readonly irregular: TreePath[] = [];
  #directories = 0;
  /** Entries that are no directories. */
  files = 0;

  /** Checks the names in `directory` and counts them. Throws `git/path-refused` and `git/tree-too-large`. */
  visit(directory: TreePath, tree: GitTree): void {
    const emptied = directory !== rootPath && tree.entries.length === 0;
    if ((!tree.canonical || emptied) && this.irregular.length < irregularMax) this.irregular.push(directory);
    for (const { name, mode } of tree.entries) {
      const path = joinPath(directory, name);
      checkPath(path, name);
      if (kindOfMode(mode, path) === 'directory') this.#directories++;
      else this.files++;
    }
    if (this.#directories > directoriesMax || this.files > filesMax) {
      throw new GitError(
        'git/tree-too-large',
        `The git tree has more than ${directoriesMax} directories or ${filesMax} files; it was given up at "${textFromPath(directory)}".`,
      );
    }
  }
}

/**
 * All directories of one git tree. Kept as git's own bytes, some fifty an entry, and parsed again whenever the entries
 * are gone through: a tree of a million files stays small in memory.
 */
export class DirectoryWalk {
  readonly record = new WalkRecord();
  readonly #idBytes: number;
  /** In the order of a tree of ours. Directories without any file below are left out, as git has no such thing. */
  #directories: readonly GitDirectory[] = [];
  #filled: ReadonlySet<TreePath> = new Set();

  private constructor(repository: Repository) {
    this.#idBytes = idBytesOf[repository.objectFormat];
  }

  /** Reads all directories below the tree `root`, each tree object once. Throws also as `ObjectReader.readAll` does. */
  static async read(repository: Repository, reader: ObjectReader, root: ObjectId): Promise<DirectoryWalk> {
    const walk = new DirectoryWalk(repository);
    await walk.#read(reader, root);
    return walk;
  }

  /** Every entry in the order of a tree of ours: directory by directory, names as bytes. */
  *entries(): Generator<WalkedEntry> {
    for (const { path: directory, bytes } of this.#directories) {
      for (const entry of parseGitTree(bytes, this.#idBytes, directory).entries) {
        const path = joinPath(directory, entry.name);
        if (kindOfMode(entry.mode, path) !== 'directory' || this.#filled.has(path)) yield { path, entry };
      }
    }
  }

  async #read(reader: ObjectReader, root: ObjectId): Promise<void> {
    const trees = new Map<ObjectId, Buffer>();
    const directories: GitDirectory[] = [];
    const filled = new Set<TreePath>([rootPath]);
    let level: { path: TreePath; id: ObjectId }[] = [{ path: rootPath, id: root }];
    while (level.length > 0) {
      const missing = new Set(level.map(({ id }) => id).filter((id) => !trees.has(id)));
      for await (const object of reader.readAll(missing)) trees.set(object.id, wholeBytes(object, 'tree'));
      const below: typeof level = [];
      for (const { path, id } of level) {
        const bytes = trees.get(id)!;
        directories.push({ path, bytes });
        const tree = parseGitTree(bytes, this.#idBytes, path);
        this.record.visit(path, tree);
        let holdsFile = false;
        for (const entry of tree.entries) {
          const entryPath = joinPath(path, entry.name);
          if (kindOfMode(entry.mode, entryPath) === 'directory')
            below.push({ path: entryPath, id: entry.id });
          else holdsFile = true;
        }
        if (holdsFile) markFilled(filled, path);
      }
      level = below;
    }
    this.#filled = filled;
    this.#directories = directories
      .filter(({ path }) => filled.has(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

function markFilled(filled: Set<TreePath>, directory: TreePath): void {
  if (filled.has(directory)) return;
  filled.add(directory);
  for (const above of ancestorsOf(directory)) {
    if (filled.has(above)) return;
    filled.add(above);
  }
}
