import type { Hash } from '../../base/hash.ts';
import { baseName, type FileName, joinPath, parentPath, type TreePath } from '../../tree/path.ts';
import { isRacy, type Row, rowKind } from './row.ts';
import {
  type CheckoutState,
  directoryAt,
  encodeState,
  nameAt,
  patchState,
  rowAt,
  rowStart,
  type StateDirectory,
} from './state.ts';

/** Changes to a state. Directories of which no row changes are carried over as they are. */
export class StateEdit {
  readonly state: CheckoutState;
  readonly #touched = new Map<TreePath, Row[]>();
  readonly #removed = new Set<TreePath>();
  #root: Row;

  constructor(state: CheckoutState) {
    this.state = state;
    this.#root = rowAt(state, 0);
  }

  get isEmpty(): boolean {
    return this.#touched.size === 0 && this.#removed.size === 0;
  }

  /** The rows of a directory, in the order of their names; none for one that is not watched. */
  rows(directory: TreePath): readonly Row[] {
    return this.#rowsIn(directory, false) ?? [];
  }

  row(path: TreePath): Row | undefined {
    if (path === '') return this.#root;
    if (this.#touched.has(parentPath(path))) {
      const rows = this.#touched.get(parentPath(path))!;
      const at = position(rows, baseName(path));
      return rows[at]?.name === baseName(path) ? rows[at] : undefined;
    }
    const index = rowIndex(this.state, path);
    return index === undefined || this.#removed.has(parentPath(path)) ? undefined : rowAt(this.state, index);
  }

  /** Sets the row of a path. The row of a directory brings the directory with it. */
  set(path: TreePath, row: Row): void {
    if (path === '') {
      this.#root = row;
      this.#rowsIn(path, true);
      return;
    }
    const rows = this.#rowsIn(parentPath(path), true)!;
    const at = position(rows, row.name);
    rows.splice(at, rows[at]?.name === row.name ? 1 : 0, row);
    if (row.kind === rowKind.directory) {
      if (this.#rowsIn(path, false) === undefined) this.#touched.set(path, []);
    } else this.#removeBelow(path);
  }

  /** Takes a path out, and everything below it. */
  delete(path: TreePath): void {
    const rows = this.#rowsIn(parentPath(path), true)!;
    const at = position(rows, baseName(path));
    if (rows[at]?.name === baseName(path)) rows.splice(at, 1);
    this.#removeBelow(path);
  }

  /** The state as edited. Rows that were looked at no earlier than `lookedMs` are unsure where they may be racy. */
  build(tree: Hash, lookedMs: number): CheckoutState {
    const settle = (row: Row): Row => ({ ...row, unsure: row.unsure || isRacy(row.ctimeMs, lookedMs) });
    const patch = this.#asPatch(settle);
    if (patch !== undefined) return patchState(this.state, tree, patch);
    const directories: Parameters<typeof encodeState>[2][number][] = [];
    const touched: StateDirectory[] = [...this.#touched]
      .map(([path, rows]) => ({ path, rows: rows.map(settle) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    let next = 0;
    for (let index = 0; index < this.state.directoryCount; index++) {
      const path = directoryAt(this.state, index);
      while (next < touched.length && touched[next]!.path < path) directories.push(touched[next++]!);
      if (touched[next]?.path === path) directories.push(touched[next++]!);
      else if (!this.#removed.has(path)) {
        const from = rowStart(this.state, index);
        directories.push({ path, state: this.state, from, to: this.state.rowEnd[index]! });
      }
    }
    directories.push(...touched.slice(next));
    return encodeState(tree, settle(this.#root), directories);
  }

  /** The rows that differ, by their indexes, when no name came, went, or became a directory or ceased to be one. */
  #asPatch(settle: (row: Row) => Row): [number, Row][] | undefined {
    if (this.#removed.size > 0) return undefined;
    const patch: [number, Row][] = [[0, settle(this.#root)]];
    for (const [directory, rows] of this.#touched) {
      const index = directoryIndex(this.state, directory);
      if (index === undefined) return undefined;
      const start = rowStart(this.state, index);
      if (rows.length !== this.state.rowEnd[index]! - start) return undefined;
      for (const [offset, row] of rows.entries()) {
        if (row.name !== nameAt(this.state, start + offset)) return undefined;
        patch.push([start + offset, settle(row)]);
      }
    }
    return patch;
  }

  /** A directory's rows for changing; undefined where the directory is not watched and is not to be `made`. */
  #rowsIn(directory: TreePath, made: boolean): Row[] | undefined {
    const touched = this.#touched.get(directory);
    if (touched !== undefined) return touched;
    const index = this.#removed.has(directory) ? undefined : directoryIndex(this.state, directory);
    if (index === undefined && !made) return undefined;
    const rows: Row[] = [];
    if (index !== undefined) {
      for (let row = rowStart(this.state, index); row < this.state.rowEnd[index]!; row++) {
        rows.push(rowAt(this.state, row));
      }
    }
    if (made) this.#touched.set(directory, rows);
    return rows;
  }

  #removeBelow(directory: TreePath): void {
    const rows = this.#rowsIn(directory, false);
    if (rows === undefined) return;
    this.#touched.delete(directory);
    this.#removed.add(directory);
    for (const { name, kind } of rows) {
      if (kind === rowKind.directory) this.#removeBelow(joinPath(directory, name));
    }
  }
}

/** Where a directory stands among those of a state. */
export function directoryIndex(state: CheckoutState, path: TreePath): number | undefined {
  let low = 0;
  let high = state.directoryCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (directoryAt(state, middle) < path) low = middle + 1;
    else high = middle;
  }
  return low < state.directoryCount && directoryAt(state, low) === path ? low : undefined;
}

/** The row of a path. */
function rowIndex(state: CheckoutState, path: TreePath): number | undefined {
  if (path === '') return 0;
  const directory = directoryIndex(state, parentPath(path));
  if (directory === undefined) return undefined;
  const name = baseName(path);
  let low = rowStart(state, directory);
  const end = state.rowEnd[directory]!;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (nameAt(state, middle) < name) low = middle + 1;
    else high = middle;
  }
  return low < end && nameAt(state, low) === name ? low : undefined;
}

/** Where `name` stands, or would stand, among rows. */
function position(rows: readonly Row[], name: FileName): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
