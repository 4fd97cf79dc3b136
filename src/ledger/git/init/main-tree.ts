import { type GitEntryKind, type GitTreeEntry, kindOfMode } from '../../../git/git-tree.ts';
import { GitTreeEdit } from '../../../git/git-tree-edit.ts';
import type { ObjectId } from '../../../git/object-id.ts';
import type { RefState } from '../../../git/refs.ts';
import type { Repository } from '../../../git/repository.ts';
import type { StagedObjects } from '../../../git/staged-objects.ts';
import { ancestorsOf, type TreePath, textFromPath } from '../../../tree/path.ts';
import { GitLedgerError } from '../git-ledger-error.ts';

/** Largest file that is read to be compared or edited, in bytes. */
const fileBytesMax = 16 * 1024 * 1024;

const words: Readonly<Record<GitEntryKind, string>> = {
  file: 'a file',
  directory: 'a directory',
  symlink: 'a symlink',
  gitlink: 'a submodule',
};

/** The files of a commit that is on main, or of none yet. */
export class MainTree {
  readonly #objects: StagedObjects;
  readonly #edit: GitTreeEdit;

  private constructor(objects: StagedObjects, edit: GitTreeEdit) {
    this.#objects = objects;
    this.#edit = edit;
  }

  static async of(repository: Repository, objects: StagedObjects, commit: RefState): Promise<MainTree> {
    const tree = commit === 'absent' ? undefined : await objects.treeOfCommit(commit);
    return new MainTree(objects, new GitTreeEdit(repository, objects, tree));
  }

  /** The content of a file; undefined where there is none. Throws `ledger/in-the-way` where it cannot be one. */
  async file(path: TreePath): Promise<Buffer | undefined> {
    const entry = await this.#entryOf(path, 'file');
    return entry && this.#objects.readBlob(entry.id, fileBytesMax);
  }

  /** Whether there is such a directory. Throws `ledger/in-the-way` where it cannot be one. */
  async hasDirectory(path: TreePath): Promise<boolean> {
    return (await this.#entryOf(path, 'directory')) !== undefined;
  }

  /** Plans that `path` becomes a file. */
  set(path: TreePath, mode: number, id: ObjectId): void {
    this.#edit.set(path, { mode, id });
  }

  /** Writes what was planned, and returns the tree. */
  write(): Promise<ObjectId> {
    return this.#edit.write(this.#objects);
  }

  async #entryOf(path: TreePath, kind: GitEntryKind): Promise<GitTreeEntry | undefined> {
    for (const ancestor of [...ancestorsOf(path)].reverse()) {
      const above = await this.#edit.before(ancestor);
      if (above === undefined) return undefined;
      requireKind(above, ancestor, 'directory');
    }
    const entry = await this.#edit.before(path);
    if (entry !== undefined) requireKind(entry, path, kind);
    return entry;
  }
}

function requireKind({ mode, name }: GitTreeEntry, path: TreePath, wanted: GitEntryKind): void {
  const kind = kindOfMode(mode, name);
  if (kind === wanted) return;
  throw new GitLedgerError(
    'ledger/in-the-way',
    `"${textFromPath(path)}" is ${words[kind]} on main, and would have to be ${words[wanted]}. Nothing was changed. Move it elsewhere and commit that; or choose another folder for the agents with --root.`,
  );
}
