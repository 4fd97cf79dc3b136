import type { Stats } from 'node:fs';
import type { BlobBatch } from '../../blob/blob-batch.ts';
import type { TreeEdit } from '../../tree/edit.ts';
import { type Entry, sameEntry } from '../../tree/entry.ts';
import { baseName, type FileName, joinPath, parentPath, type TreePath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { EntryReader } from '../entry-reader.ts';
import { IgnoreRules, ignoreFileName } from '../ignore-rules.ts';
import { type LeftBehindKind, leftBehindKinds } from '../left-behind.ts';
import {
  classify,
  type DirectoryItem,
  type Found,
  type FoundDirectory,
  isLeftRepository,
  listNames,
  type WalkOptions,
  walk,
} from '../walk.ts';
import { type Row, rowKind, rowOf } from './row.ts';
import { verdict } from './stat-pass.ts';
import { type CheckoutState, directoryAt, nameAt, rowAt, rowStart, watchedFlag } from './state.ts';
import { directoryIndex, StateEdit } from './state-edit.ts';

export interface ScanInput {
  readonly root: string;
  readonly state: CheckoutState;
  /** One for each row of the state. */
  readonly verdicts: Uint8Array;
  readonly batch: BlobBatch;
  /** The entry that the recorded tree has at a path: what the store has already is not written again. */
  readonly recorded: (path: TreePath) => Promise<Entry | undefined>;
}

/** What a scan found changed. */
export interface ScanResult {
  /** What makes the new tree of the recorded one. */
  readonly edits: readonly TreeEdit[];
  /** The rows as they are now. */
  readonly state: StateEdit;
}

/**
 * Finds what was changed in a checkout since its state was recorded, from the verdicts on its rows. Reads what changed
 * into `batch`, and lists only directories in which names may have come or gone.
 */
export async function scan(input: ScanInput): Promise<ScanResult> {
  const scanner = new Scanner(input);
  await scanner.run();
  return { edits: scanner.edits(), state: scanner.rows };
}

class Scanner {
  readonly rows: StateEdit;
  readonly #walk: WalkOptions;
  readonly #state: CheckoutState;
  readonly #verdicts: Uint8Array;
  readonly #batch: BlobBatch;
  readonly #reader: EntryReader;
  readonly #recorded: (path: TreePath) => Promise<Entry | undefined>;
  readonly #edits = new Map<TreePath, Entry | undefined>();
  /** Directories that are directories no more. */
  readonly #gone = new Set<TreePath>();
  /** Directories in and below which other names may be ignored than before. */
  readonly #relisted = new Set<TreePath>();
  readonly #rules = new Map<TreePath, IgnoreRules>();
  /** Directories that may have become kept or not kept. */
  readonly #unsettled = new Set<TreePath>();

  constructor({ root, state, verdicts, batch, recorded }: ScanInput) {
    this.rows = new StateEdit(state);
    this.#recorded = recorded;
    this.#walk = { root, ignoring: true, nestedRepositories: 'leave' };
    this.#state = state;
    this.#verdicts = verdicts;
    this.#batch = batch;
    this.#reader = new EntryReader(root, batch);
  }

  edits(): TreeEdit[] {
    return Array.from(this.#edits, ([path, entry]) => ({ path, entry }));
  }

  async run(): Promise<void> {
    if (this.#verdicts[0] !== verdict.same) {
      const status = diskStatus(this.#walk.root, '' as TreePath);
      if (status !== undefined)
        this.rows.set('' as TreePath, rowOf('' as FileName, rowKind.directory, status, { recorded: true }));
    }
    for (let index = 0; index < this.#state.directoryCount; index++) {
      const start = rowStart(this.#state, index);
      const end = this.#state.rowEnd[index]!;
      const self = this.#verdicts[this.#state.selfRow[index]!];
      const quiet = self === verdict.same && this.#gone.size === 0 && this.#relisted.size === 0;
      if (quiet && allSame(this.#verdicts, start, end)) continue;
      await this.#examineDirectory(directoryAt(this.#state, index), start, end, self !== verdict.same);
    }
    this.#settleDirectories();
  }

  async #examineDirectory(directory: TreePath, start: number, end: number, changed: boolean): Promise<void> {
    if (this.#gone.has(directory) || (directory !== '' && this.#gone.has(parentPath(directory)))) {
      this.#gone.add(directory);
      for (let row = start; row < end; row++) this.#forget(directory, row);
      return;
    }
    const items = this.#listing(directory, start, end, changed);
    for (let row = start; row < end; row++) {
      const name = nameAt(this.#state, row);
      const item = items?.get(name);
      if (items !== undefined && item === undefined) this.#remove(joinPath(directory, name));
      else if (this.#verdicts[row] !== verdict.same) await this.#examineRow(joinPath(directory, name));
      // What is only watched is looked at like any other name when the directory is.
      if (item === undefined || this.rows.row(joinPath(directory, name))?.recorded !== false)
        items?.delete(name);
    }
    for (const item of items?.values() ?? []) await this.#examineName(directory, item);
    if (items !== undefined) this.#unsettled.add(directory);
  }

  /** Takes out what was in a directory that is none any more. */
  #forget(directory: TreePath, index: number): void {
    const { name, kind, recorded } = rowAt(this.#state, index);
    const path = joinPath(directory, name);
    if (recorded) this.#edits.set(path, undefined);
    if (kind === rowKind.directory) this.#gone.add(path);
  }

  /** The names in a directory, where they may differ from its rows. */
  #listing(
    directory: TreePath,
    start: number,
    end: number,
    changed: boolean,
  ): Map<string, DirectoryItem> | undefined {
    const inherited = directory !== '' && this.#relisted.has(parentPath(directory));
    if (inherited || this.#ignoreFileChanged(directory, start, end, changed)) this.#relisted.add(directory);
    if (!changed && !this.#relisted.has(directory)) return undefined;
    return new Map(listNames(this.#walk.root, directory).map((item) => [item.name, item]));
  }

  #ignoreFileChanged(directory: TreePath, start: number, end: number, changed: boolean): boolean {
    for (let row = start; row < end; row++) {
      if (nameAt(this.#state, row) === ignoreFileName) return this.#verdicts[row] !== verdict.same;
    }
    return (
      changed && diskStatus(this.#walk.root, joinPath(directory, ignoreFileName as FileName)) !== undefined
    );
  }

  /** Looks at a row whose status is not as it was. */
  async #examineRow(path: TreePath): Promise<void> {
    const row = this.rows.row(path)!;
    const status = diskStatus(this.#walk.root, path);
    if (status === undefined) return this.#remove(path);
    if (row.kind === rowKind.gitlink && status.isDirectory()) return;
    if (row.kind === rowKind.directory && status.isDirectory()) {
      const fresh = rowOf(row.name, rowKind.directory, status, row);
      this.rows.set(path, fresh);
      if (row.recorded && fresh.mode !== row.mode) this.#edits.set(path, directoryEntry(fresh));
      return;
    }
    const stays = row.recorded && (row.kind === rowKind.file || row.kind === rowKind.symlink);
    if (stays && (status.isFile() || status.isSymbolicLink())) {
      return this.#read(path, status.isFile() ? 'file' : 'symlink', await this.#recorded(path));
    }
    this.#remove(path);
    await this.#examineName(parentPath(path), itemOf(row.name, status));
  }

  /** Takes in a name that the tree does not have, unless it is ignored. */
  async #examineName(directory: TreePath, item: DirectoryItem): Promise<void> {
    const found = classify(directory, item, this.#rulesIn(directory), (path) =>
      isLeftRepository(this.#walk, path),
    );
    const path = joinPath(directory, item.name as FileName);
    const known = this.rows.row(path);
    if (known !== undefined && known.kind === rowKind.directory && found?.kind === 'directory') return;
    if (known !== undefined) this.#remove(path);
    if (found === undefined) return;
    if (found.kind !== 'directory') return this.#take(found);
    const inside: FoundDirectory[] = [];
    const top = walk(this.#walk, path, this.#rulesIn(directory), (below) => inside.push(below));
    if (top === undefined) return;
    await this.#take({ ...found, kind: top.kept ? 'directory' : 'unkept-directory' });
    inside.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const below of inside) {
      const self = this.rows.row(below.path);
      // It has gone since, with all that was in it.
      if (self === undefined) continue;
      this.rows.set(below.path, rowOf(self.name, rowKind.directory, below.status, self));
      if (self.recorded) this.#edits.set(below.path, { type: 'directory', mode: below.mode });
      for (const child of below.found) await this.#take(child);
    }
  }

  /** Makes a row of something found, and reads it where that is to be done. */
  async #take({ path, name, kind }: Found): Promise<void> {
    if (kind === 'file' || kind === 'symlink') return this.#read(path, kind);
    const status = diskStatus(this.#walk.root, path);
    if (status === undefined) return;
    if (kind === 'directory' || kind === 'unkept-directory') {
      this.rows.set(path, rowOf(name, rowKind.directory, status, { recorded: kind === 'directory' }));
      this.#unsettled.add(parentPath(path));
    } else if (kind === 'ignored-rules') {
      this.rows.set(path, rowOf(name, rowKind.file, status, { recorded: false }));
    } else {
      this.rows.set(path, leftBehindRow(name, kind, status));
    }
  }

  /** Reads a file or symlink that was `before` when it was recorded, if it was. */
  async #read(path: TreePath, expected: 'file' | 'symlink', before?: Entry): Promise<void> {
    const stored = before !== undefined && 'hash' in before ? before.hash : undefined;
    const reading = await this.#reader.read(path, expected, stored);
    if (reading === undefined) return this.#remove(path);
    const { entry, status } = reading;
    this.rows.set(path, rowOf(baseName(path), rowKind[entry.type], status, { recorded: true }));
    if (before === undefined || !sameEntry(before, entry)) {
      this.#edits.set(path, entry);
      this.#unsettled.add(parentPath(path));
    }
    const busy = this.#batch.backpressure();
    if (busy !== undefined) await busy;
  }

  /** Takes out a row whose file is gone, or is something else now. */
  #remove(path: TreePath): void {
    const row = this.rows.row(path);
    if (row === undefined) return;
    if (row.recorded) this.#edits.set(path, undefined);
    if (row.kind === rowKind.directory) this.#gone.add(path);
    this.rows.delete(path);
    this.#unsettled.add(parentPath(path));
  }

  /**
   * A directory is kept when something in it is, or when it is empty. One that was recorded as empty stays when ignored
   * files come into it. Those above may change with it.
   */
  #settleDirectories(): void {
    const pending = [...this.#unsettled].sort((a, b) => depthOf(a) - depthOf(b));
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const row = path === '' ? undefined : this.rows.row(path);
      if (row?.kind !== rowKind.directory) continue;
      const kept =
        this.rows.rows(path).some(({ recorded }) => recorded) ||
        (row.recorded && !this.#hadContent(path)) ||
        listNames(this.#walk.root, path).length === 0;
      if (kept === row.recorded) continue;
      this.rows.set(path, { ...row, recorded: kept });
      this.#edits.set(path, kept ? directoryEntry(row) : undefined);
      pending.push(parentPath(path));
    }
  }

  /** Whether the recorded tree has something in a directory. */
  #hadContent(directory: TreePath): boolean {
    const index = directoryIndex(this.#state, directory);
    if (index === undefined) return false;
    for (let row = rowStart(this.#state, index); row < this.#state.rowEnd[index]!; row++) {
      if ((this.#state.kind[row]! & watchedFlag) === 0) return true;
    }
    return false;
  }

  #rulesIn(directory: TreePath): IgnoreRules {
    let rules = this.#rules.get(directory);
    if (rules === undefined) {
      const above = directory === '' ? IgnoreRules.none : this.#rulesIn(parentPath(directory));
      rules = above.within(this.#walk.root, directory);
      this.#rules.set(directory, rules);
    }
    return rules;
  }
}

function allSame(verdicts: Uint8Array, start: number, end: number): boolean {
  for (let row = start; row < end; row++) if (verdicts[row] !== verdict.same) return false;
  return true;
}

function depthOf(path: TreePath): number {
  return path === '' ? 0 : path.split('/').length;
}

function directoryEntry(row: Row): Entry {
  return { type: 'directory', mode: row.mode };
}

function leftBehindRow(name: FileName, kind: LeftBehindKind, status: Stats): Row {
  const row = rowOf(name, rowKind.symlink, status, { recorded: false });
  return { ...row, kind: rowKind.leftBehind, mode: leftBehindKinds.indexOf(kind) };
}

/** A status in the shape of an item of a listing. */
function itemOf(name: FileName, status: Stats): DirectoryItem {
  return {
    name,
    isDirectory: () => status.isDirectory(),
    isFile: () => status.isFile(),
    isSymbolicLink: () => status.isSymbolicLink(),
    isFIFO: () => status.isFIFO(),
    isSocket: () => status.isSocket(),
  };
}
