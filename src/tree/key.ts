import { baseName, type FileName, joinPath, parentPath, type TreePath } from './path.ts';

/**
 * What entries of a tree are sorted by: the directory, a NUL, the name. NUL sorts before every byte that a name can
 * have, so the children of one directory lie next to each other, and so do those of its subdirectories behind it.
 */
export type TreeKey = string & { readonly TreeKey: unique symbol };

export function keyOf(path: TreePath): TreeKey {
  return `${parentPath(path)}\0${baseName(path)}` as TreeKey;
}

export function pathOfKey(key: TreeKey): TreePath {
  const separator = key.indexOf('\0');
  return joinPath(key.slice(0, separator) as TreePath, key.slice(separator + 1) as FileName);
}

export function nameOfKey(key: TreeKey): FileName {
  return key.slice(key.indexOf('\0') + 1) as FileName;
}

/** A key that is smaller than those of all children of `directory` and larger than all keys before them. */
export function firstKeyIn(directory: TreePath): TreeKey {
  return `${directory}\0` as TreeKey;
}

/** A key that is larger than those of all children of `directory` and smaller than all keys behind them. */
export function lastKeyIn(directory: TreePath): TreeKey {
  return `${directory}\x01` as TreeKey;
}

export function compareKeys(a: TreeKey, b: TreeKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
