import { type Hash, hashBytes, hashFromBytes, hashOf, writeHash } from '../../base/hash.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import type { Row, RowKind } from './row.ts';

/**
 * What a checkout knows of its directory: the recorded tree, and a row for every name that it watches. Rows lie in the
 * order of the tree, directory by directory; row 0 is the root itself. Kept in columns, as it is on disk
 * (`docs/formats/checkout-state.md`), so that loading it takes no time and threads can share it.
 */
export interface CheckoutState {
  readonly tree: Hash;
  readonly rowCount: number;
  readonly directoryCount: number;
  readonly size: Float64Array;
  readonly mtimeMs: Float64Array;
  readonly ctimeMs: Float64Array;
  readonly inode: Float64Array;
  /** Where a row's name ends in `names`; it begins where the one before ends. */
  readonly nameEnd: Uint32Array;
  /** Where a directory's path ends in `paths`. */
  readonly pathEnd: Uint32Array;
  /** The row behind the last one in a directory. */
  readonly rowEnd: Uint32Array;
  /** The row that a directory has in its parent. */
  readonly selfRow: Uint32Array;
  readonly mode: Uint16Array;
  /** Kind and flags. */
  readonly kind: Uint8Array;
  /** All names, and all paths of directories, one behind the other. */
  readonly names: string;
  readonly paths: string;
  /** The same, as it is on disk. */
  readonly bytes: Uint8Array;
}

export const kindMask = 0x07;
export const watchedFlag = 0x08;
export const unsureFlag = 0x10;

const magic = 0x4b43434d; // "MCCK", in the byte order of the machine that wrote it
const version = 1;
/** Six numbers, a gap, the hash of the tree. */
const headerBytes = 64;
const headerNumbers = 6;
const treeStart = 32;

interface Counts {
  readonly rows: number;
  readonly directories: number;
  readonly nameBytes: number;
  readonly pathBytes: number;
}

function lengthOf({ rows, directories, nameBytes, pathBytes }: Counts): number {
  const columns = rows * (4 * 8 + 4 + 2 + 1) + directories * 3 * 4;
  return headerBytes + columns + nameBytes + pathBytes + hashBytes;
}

/** Why a state could not be used: it must be made anew from what the tree says. */
export type StateDefect = 'damaged' | 'version-unknown';

/** Reads a state, without copying `bytes`; says what is wrong with it otherwise. Its checksum is compared. */
export function decodeState(bytes: Uint8Array<ArrayBufferLike>): CheckoutState | StateDefect {
  if (bytes.length < headerBytes + hashBytes || bytes.byteOffset % 8 !== 0) return 'damaged';
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, headerNumbers);
  if (header[0] !== magic) return 'damaged';
  if (header[1] !== version) return 'version-unknown';
  const counts = { rows: header[2]!, directories: header[3]!, nameBytes: header[4]!, pathBytes: header[5]! };
  if (bytes.length !== lengthOf(counts)) return 'damaged';
  const checksum = hashFromBytes(bufferOf(bytes), bytes.length - hashBytes);
  if (hashOf(bytes.subarray(0, -hashBytes)) !== checksum) return 'damaged';
  return viewState(bytes);
}

/** `decodeState` for bytes that have been checked. */
export function viewState(bytes: Uint8Array<ArrayBufferLike>): CheckoutState {
  const { buffer, byteOffset } = bytes;
  const header = new Uint32Array(buffer, byteOffset, headerNumbers);
  const rows = header[2]!;
  const directories = header[3]!;
  let at = byteOffset + headerBytes;
  const take = (length: number): number => {
    at += length;
    return at - length;
  };
  const size = new Float64Array(buffer, take(rows * 8), rows);
  const mtimeMs = new Float64Array(buffer, take(rows * 8), rows);
  const ctimeMs = new Float64Array(buffer, take(rows * 8), rows);
  const inode = new Float64Array(buffer, take(rows * 8), rows);
  const nameEnd = new Uint32Array(buffer, take(rows * 4), rows);
  const pathEnd = new Uint32Array(buffer, take(directories * 4), directories);
  const rowEnd = new Uint32Array(buffer, take(directories * 4), directories);
  const selfRow = new Uint32Array(buffer, take(directories * 4), directories);
  const mode = new Uint16Array(buffer, take(rows * 2), rows);
  const kind = new Uint8Array(buffer, take(rows), rows);
  const text = bufferOf(bytes).toString('latin1', at - byteOffset, bytes.length - hashBytes);
  return {
    tree: hashFromBytes(bufferOf(bytes), treeStart),
    rowCount: rows,
    directoryCount: directories,
    ...{ size, mtimeMs, ctimeMs, inode, nameEnd, pathEnd, rowEnd, selfRow, mode, kind },
    names: text.slice(0, header[4]!),
    paths: text.slice(header[4]!),
    bytes,
  };
}

/** A copy of a state in which some rows say something else, by their indexes. Their names stay. */
export function patchState(
  state: CheckoutState,
  tree: Hash,
  rows: Iterable<readonly [number, Row]>,
): CheckoutState {
  const bytes = new Uint8Array(new SharedArrayBuffer(state.bytes.length));
  bytes.set(state.bytes);
  const copy = viewState(bytes);
  for (const [index, row] of rows) writeRow(copy, index, row);
  return seal(copy, tree);
}

/** Puts the tree's hash and the checksum into a state. */
function seal(state: CheckoutState, tree: Hash): CheckoutState {
  const bytes = bufferOf(state.bytes);
  writeHash(bytes, tree, treeStart);
  writeHash(bytes, hashOf(bytes.subarray(0, -hashBytes)), bytes.length - hashBytes);
  return { ...state, tree };
}

/** A directory and its rows, in the order of their names. */
export interface StateDirectory {
  readonly path: TreePath;
  readonly rows: readonly Row[];
}

/** The rows `from` (inclusive) to `to` (exclusive) of a state, taken over as they are. */
export interface CopiedRows {
  readonly path: TreePath;
  readonly state: CheckoutState;
  readonly from: number;
  readonly to: number;
}

/** Writes a state. Directories come in the order of their paths; every one but the root has a row in its parent. */
export function encodeState(
  tree: Hash,
  root: Row,
  directories: readonly (StateDirectory | CopiedRows)[],
): CheckoutState {
  let rows = 1;
  let nameBytes = 0;
  let pathBytes = 0;
  for (const directory of directories) {
    pathBytes += directory.path.length;
    if ('rows' in directory) {
      rows += directory.rows.length;
      for (const { name } of directory.rows) nameBytes += name.length;
    } else {
      rows += directory.to - directory.from;
      nameBytes +=
        nameRangeEnd(directory.state, directory.to) - nameRangeEnd(directory.state, directory.from);
    }
  }
  const counts = { rows, directories: directories.length, nameBytes, pathBytes };
  // Shared, so that another thread can look at it too.
  const bytes = new Uint8Array(
    new SharedArrayBuffer(Math.ceil(lengthOf(counts) / 8) * 8),
    0,
    lengthOf(counts),
  );
  new Uint32Array(bytes.buffer, 0, headerNumbers).set([
    magic,
    version,
    rows,
    directories.length,
    nameBytes,
    pathBytes,
  ]);
  fill(viewState(bytes), root, directories);
  return seal(viewState(bytes), tree);
}

function fill(state: CheckoutState, root: Row, directories: readonly (StateDirectory | CopiedRows)[]): void {
  const textBytes = state.names.length + state.paths.length;
  const texts = bufferOf(state.bytes).subarray(-textBytes - hashBytes);
  const selfRows = new Map<TreePath, number>([['' as TreePath, 0]]);
  writeRow(state, 0, root);
  let row = 1;
  let nameEnd = 0;
  let pathEnd = state.names.length;
  for (const [index, directory] of directories.entries()) {
    const first = row;
    if ('rows' in directory) {
      for (const source of directory.rows) {
        writeRow(state, row, source);
        nameEnd += texts.write(source.name, nameEnd, 'latin1');
        state.nameEnd[row++] = nameEnd;
      }
    } else {
      nameEnd = copyRows(directory, state, row, texts, nameEnd);
      row += directory.to - directory.from;
    }
    for (let i = first; i < row; i++) {
      if ((state.kind[i]! & kindMask) !== 0) continue;
      const name = texts.toString('latin1', state.nameEnd[i - 1], state.nameEnd[i]);
      selfRows.set((directory.path === '' ? name : `${directory.path}/${name}`) as TreePath, i);
    }
    pathEnd += texts.write(directory.path, pathEnd, 'latin1');
    state.pathEnd[index] = pathEnd - state.names.length;
    state.rowEnd[index] = row;
    state.selfRow[index] = selfRows.get(directory.path)!;
  }
}

function copyRows(
  { state: from, from: start, to }: CopiedRows,
  target: CheckoutState,
  row: number,
  texts: Buffer,
  nameEnd: number,
): number {
  for (const column of ['size', 'mtimeMs', 'ctimeMs', 'inode', 'mode', 'kind'] as const) {
    target[column].set(from[column].subarray(start, to), row);
  }
  const nameStart = nameRangeEnd(from, start);
  for (let i = start; i < to; i++) target.nameEnd[row + i - start] = from.nameEnd[i]! - nameStart + nameEnd;
  const namesStart = from.bytes.length - hashBytes - from.paths.length - from.names.length;
  const end = namesStart + nameRangeEnd(from, to);
  return nameEnd + bufferOf(from.bytes).copy(texts, nameEnd, namesStart + nameStart, end);
}

function writeRow(state: CheckoutState, index: number, row: Row): void {
  state.size[index] = row.size;
  state.mtimeMs[index] = row.mtimeMs;
  state.ctimeMs[index] = row.ctimeMs;
  state.inode[index] = row.inode;
  state.mode[index] = row.mode;
  state.kind[index] = row.kind | (row.recorded ? 0 : watchedFlag) | (row.unsure ? unsureFlag : 0);
}

/** Where the names of the rows before `row` end. */
function nameRangeEnd(state: CheckoutState, row: number): number {
  return row === 0 ? 0 : state.nameEnd[row - 1]!;
}

export function rowAt(state: CheckoutState, index: number): Row {
  const kind = state.kind[index]!;
  return {
    name: nameAt(state, index),
    kind: (kind & kindMask) as RowKind,
    recorded: (kind & watchedFlag) === 0,
    unsure: (kind & unsureFlag) !== 0,
    mode: state.mode[index]!,
    size: state.size[index]!,
    mtimeMs: state.mtimeMs[index]!,
    ctimeMs: state.ctimeMs[index]!,
    inode: state.inode[index]!,
  };
}

export function nameAt(state: CheckoutState, index: number): FileName {
  return state.names.slice(nameRangeEnd(state, index), state.nameEnd[index]) as FileName;
}

export function directoryAt(state: CheckoutState, index: number): TreePath {
  return state.paths.slice(index === 0 ? 0 : state.pathEnd[index - 1], state.pathEnd[index]) as TreePath;
}

/** The first row in a directory. */
export function rowStart(state: CheckoutState, directory: number): number {
  return directory === 0 ? 1 : state.rowEnd[directory - 1]!;
}

function bufferOf(bytes: Uint8Array<ArrayBufferLike>): Buffer {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}
