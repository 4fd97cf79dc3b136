import { closeSync, fstatSync, futimesSync, openSync, readSync } from 'node:fs';
import type { Hash } from '../../base/hash.ts';
import { isAbsent } from '../../base/system-error.ts';
import type { Entry } from '../../tree/entry.ts';
import { listAll } from '../../tree/lookup.ts';
import type { NodeSource } from '../../tree/node-store.ts';
import { baseName, type FileName, parentPath, type TreePath } from '../../tree/path.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { type Marker, replaceFile } from './marker.ts';
import { type Row, rowKind } from './row.ts';
import { type CheckoutState, decodeState, encodeState, type StateDirectory } from './state.ts';

/** The state that a checkout was left in; undefined where it is missing, damaged, or of another version. */
export function readState(marker: Marker): CheckoutState | undefined {
  const bytes = readShared(marker.stateFile);
  if (bytes === undefined) return undefined;
  const state = decodeState(bytes);
  return typeof state === 'string' ? undefined : state;
}

/** Replaces the state as a whole. */
export function writeState(marker: Marker, state: CheckoutState): void {
  replaceFile(marker.stateFile, state.bytes);
}

/** A state in which the rows are those of `tree` and nothing else is known, so that all must be read. */
export async function stateOfTree(nodes: NodeSource, tree: Hash): Promise<CheckoutState> {
  const entries: { path: TreePath; row: Row }[] = [];
  for await (const { path, entry } of listAll(nodes, tree))
    entries.push({ path, row: unknownRow(path, entry) });
  return stateOfRows(tree, unknownRow('' as TreePath, { type: 'directory', mode: 0 }), entries);
}

/** The state of a tree, from a row for each of its entries, in the order of the tree. */
export function stateOfRows(
  tree: Hash,
  root: Row,
  entries: readonly { readonly path: TreePath; readonly row: Row }[],
): CheckoutState {
  const directories = new Map<TreePath, Row[]>([['' as TreePath, []]]);
  for (const { path, row } of entries) {
    directories.get(parentPath(path))!.push(row);
    if (row.kind === rowKind.directory) directories.set(path, []);
  }
  const sorted: StateDirectory[] = Array.from(directories, ([path, rows]) => ({ path, rows }));
  sorted.sort((a, b) => (a.path < b.path ? -1 : 1));
  return encodeState(tree, root, sorted);
}

function unknownRow(path: TreePath, entry: Entry): Row {
  const hasMode = entry.type === 'file' || entry.type === 'directory';
  return {
    name: path === '' ? ('' as FileName) : baseName(path),
    kind: rowKind[entry.type],
    recorded: true,
    unsure: true,
    mode: hasMode ? entry.mode : 0,
    ...{ size: 0, mtimeMs: 0, ctimeMs: 0, inode: 0 },
  };
}

/** What the clock of the file system shows, in ms: it may be another one than the program's, and coarser. */
export function fileSystemNow(marker: Marker): number {
  try {
    const descriptor = openSync(marker.clockFile, 'w');
    try {
      futimesSync(descriptor, 0, 0);
      return fstatSync(descriptor).ctimeMs;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw workspaceErrorFrom(error, `write "${marker.clockFile}"`);
  }
}

/** A file's bytes in memory that threads share. */
function readShared(path: string): Uint8Array<SharedArrayBuffer> | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw workspaceErrorFrom(error, `read "${path}"`);
  }
  try {
    const bytes = new Uint8Array(new SharedArrayBuffer(fstatSync(descriptor).size));
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(descriptor, bytes, at, bytes.length - at, at);
      if (count === 0) return undefined;
      at += count;
    }
    return bytes;
  } catch (error) {
    throw workspaceErrorFrom(error, `read "${path}"`);
  } finally {
    closeSync(descriptor);
  }
}
