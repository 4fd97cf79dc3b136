import type { Stats } from 'node:fs';
import type { TreeChange } from '../../tree/diff.ts';
import type { Entry } from '../../tree/entry.ts';
import { ancestorsOf, type FileName, joinPath, type TreePath } from '../../tree/path.ts';
import { listNames } from '../walk.ts';
import { changedSince, inTheWay } from '../workspace-error.ts';
import { requireHarmless } from './create.ts';
import type { DiskCheck } from './disk-check.ts';
import type { StateEdit } from './state-edit.ts';

/** What an update does to the disk. Each list is in the order of the paths. */
export interface UpdatePlan {
  /** Files and symlinks to remove, and the status that they had when that was found right. */
  readonly removedFiles: readonly { readonly path: TreePath; readonly status: Stats }[];
  /** Directories to remove if they are empty then; those that `mustGo` make room for a file. */
  readonly removedDirectories: readonly { readonly path: TreePath; readonly mustGo: boolean }[];
  /** Directories, and those of gitlinks, to make where there are none. */
  readonly directories: readonly PlannedDirectory[];
  /** Files and symlinks to put in place; over what has the status `replaces` where that is given. */
  readonly files: readonly PlannedFile[];
  /** Files and symlinks that are on disk already, as they should be. */
  readonly present: readonly PlannedEntry<'file' | 'symlink'>[];
}

interface PlannedEntry<Type extends Entry['type']> {
  readonly path: TreePath;
  readonly entry: Extract<Entry, { type: Type }>;
}

export type PlannedDirectory = PlannedEntry<'directory' | 'gitlink'>;

export interface PlannedFile extends PlannedEntry<'file' | 'symlink'> {
  readonly replaces: Stats | undefined;
}

/**
 * Finds out whether `changes` can be made without losing anything, and how. Changes nothing. Throws
 * `workspace/changed` where the disk is not as recorded, `workspace/in-the-way` where something else would be lost.
 */
export async function planUpdate(
  root: string,
  rows: StateEdit,
  check: DiskCheck,
  changes: readonly TreeChange[],
): Promise<UpdatePlan> {
  const planner = new Planner(root, rows, check, changes);
  for (const change of changes) await planner.take(change);
  await planner.resolveOccupied();
  return planner.plan;
}

class Planner {
  readonly plan = {
    removedFiles: [] as { path: TreePath; status: Stats }[],
    removedDirectories: [] as { path: TreePath; mustGo: boolean }[],
    directories: [] as PlannedDirectory[],
    files: [] as PlannedFile[],
    present: [] as PlannedEntry<'file' | 'symlink'>[],
  };
  readonly #occupied: (PlannedEntry<'file' | 'symlink'> & { readonly status: Stats })[] = [];
  readonly #root: string;
  readonly #rows: StateEdit;
  readonly #check: DiskCheck;
  readonly #changes: ReadonlyMap<TreePath, TreeChange>;

  constructor(root: string, rows: StateEdit, check: DiskCheck, changes: readonly TreeChange[]) {
    this.#root = root;
    this.#rows = rows;
    this.#check = check;
    this.#changes = new Map(changes.map((change) => [change.path, change]));
  }

  async take(change: TreeChange): Promise<void> {
    if (change.after !== undefined) requireHarmless(change.path);
    this.#requireParents(change.path);
    const { path, before, after } = change;
    const status = this.#check.status(path);
    if (before !== undefined) await this.#requireAsRecorded(path, before, after, status);
    const isSameKind =
      before !== undefined && after !== undefined && isPlainFile(before) === isPlainFile(after);
    if (before !== undefined && !isSameKind) this.#planRemoval(path, before, after, status);
    if (after === undefined) return;
    if (!isPlainFile(after)) {
      if (before === undefined && status !== undefined && !status.isDirectory()) throw inTheWay(path);
      this.plan.directories.push({ path, entry: after });
    } else if (before === undefined && status !== undefined) {
      this.#occupied.push({ path, entry: after, status });
    } else {
      this.plan.files.push({ path, entry: after, replaces: isSameKind ? status : undefined });
    }
  }

  /** Decides about new files in whose place there is something. */
  async resolveOccupied(): Promise<void> {
    const removedInodes = new Set(this.plan.removedFiles.map(({ status }) => status.ino));
    for (const { path, entry, status } of this.#occupied) {
      // Where "a" and "A" are the same name, a file that is renamed from one to the other meets itself.
      if (removedInodes.has(status.ino)) this.plan.files.push({ path, entry, replaces: undefined });
      else if (await this.#check.holds(path, status, entry)) this.plan.present.push({ path, entry });
      else throw inTheWay(path);
    }
  }

  #planRemoval(path: TreePath, before: Entry, after: Entry | undefined, status: Stats | undefined): void {
    if (status === undefined) return;
    if (isPlainFile(before)) {
      this.plan.removedFiles.push({ path, status });
      return;
    }
    if (after !== undefined) this.#requireOnlyRemoved(path);
    this.plan.removedDirectories.push({ path, mustGo: after !== undefined });
  }

  async #requireAsRecorded(
    path: TreePath,
    before: Entry,
    after: Entry | undefined,
    status: Stats | undefined,
  ): Promise<void> {
    if (status === undefined) {
      // Gone already, and it shall go.
      if (after === undefined) return;
      throw changedSince(path);
    }
    // Of a directory that goes, or stays with other permissions, only what is inside matters, and its permissions.
    if (before.type === 'directory' && after === undefined) {
      if (status.isDirectory()) return;
      throw changedSince(path);
    }
    if (!(await this.#check.isAsRecorded(path, status, before, this.#rows.row(path))))
      throw changedSince(path);
  }

  /** What is above a path must be directories, or be made directories by this update. */
  #requireParents(path: TreePath): void {
    for (const directory of ancestorsOf(path)) {
      if (this.#check.status(directory)?.isDirectory()) return;
      const change = this.#changes.get(directory);
      const isMade = change?.after?.type === 'directory' && change.before?.type !== 'directory';
      const isGone = change !== undefined && change.after?.type !== 'directory';
      if (!isMade && !isGone) throw changedSince(directory);
    }
  }

  /** A directory that becomes a file must not have anything in it that this update does not remove. */
  #requireOnlyRemoved(directory: TreePath): void {
    for (const item of listNames(this.#root, directory)) {
      const path = joinPath(directory, item.name as FileName);
      const change = this.#changes.get(path);
      if (change?.before === undefined || change.after !== undefined) throw inTheWay(path);
      if (item.isDirectory()) this.#requireOnlyRemoved(path);
    }
  }
}

function isPlainFile(entry: Entry): entry is Extract<Entry, { type: 'file' | 'symlink' }> {
  return entry.type === 'file' || entry.type === 'symlink';
}
