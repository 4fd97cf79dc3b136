import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreePath } from '../../src/tree/path.ts';
import { parentPath, pathBytes } from '../../src/tree/path.ts';
import type { GitObjects } from './git-objects.ts';
import { type GitContext, gitOutput } from './git-process.ts';
import { TreeComparison } from './tree-changes.ts';

/**
 * Directories with the `.gitattributes` files of commits and nothing else. Git reads attributes from the files that are
 * checked out, which in a merge are ours: this is what it needs of them. Found by git, apart from our own reading.
 */
export class AttributeDirectories {
  readonly #context: GitContext;
  readonly #objects: GitObjects;
  readonly #comparison: TreeComparison;
  readonly #directory: string;
  readonly #made = new Set<string>();
  /** The attributes files of the last commit, and their ids. */
  readonly #files = new Map<TreePath, string>();
  #tree: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** The directories are made inside of `directory`. */
  constructor(context: GitContext, objects: GitObjects, directory: string) {
    this.#context = context;
    this.#objects = objects;
    this.#comparison = new TreeComparison(context, objects, [':(glob)**/.gitattributes']);
    this.#directory = directory;
  }

  /** The directory for `commit`; the same for all commits with the same attributes. */
  of(commit: string): Promise<string> {
    const directory = this.#last.then(() => this.#of(commit));
    // Whoever asked hears of a failure; the next question begins with another commit.
    this.#last = directory.catch(() => {});
    return directory;
  }

  close(): void {
    this.#comparison.close();
  }

  async #of(commit: string): Promise<string> {
    const { tree } = await this.#objects.commit(commit);
    const before = this.#tree ?? (await emptyTree(this.#context));
    for (const { path, after } of await this.#comparison.changes(before, tree)) {
      if (after?.type === 'file') this.#files.set(path, after.hash);
      else this.#files.delete(path);
    }
    this.#tree = tree;
    const listed = [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1));
    const name = createHash('sha256').update(JSON.stringify(listed)).digest('hex');
    const directory = join(this.#directory, name);
    if (!this.#made.has(name)) await this.#make(directory);
    this.#made.add(name);
    return directory;
  }

  async #make(directory: string): Promise<void> {
    const inside = (path: string) => Buffer.concat([Buffer.from(`${directory}/`), pathBytes(path)]);
    await mkdir(directory, { recursive: true });
    for (const [path, id] of this.#files) {
      await mkdir(inside(parentPath(path)), { recursive: true });
      await writeFile(inside(path), await this.#objects.read(id));
    }
  }
}

async function emptyTree(context: GitContext): Promise<string> {
  return (await gitOutput(context, ['hash-object', '-t', 'tree', '--stdin'])).toString().trim();
}
