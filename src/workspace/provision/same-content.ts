import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { isAbsent } from '../../base/system-error.ts';
import type { TreePath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import type { FileRecord } from './record.ts';

/** How the bytes of a file compare with what they should be. */
export type Comparison = 'same' | 'a beginning of it' | 'different';

const pieceBytes = 64 * 1024;

/** Whether a file or symlink is still as it was recorded, by what a look at its status tells. */
export function isAsRecorded(root: string, record: FileRecord, status: Stats): boolean {
  if (record.kind === 'link' || record.kind === 'symlink') {
    return status.isSymbolicLink() && isLink(root, record.path, record.target ?? '');
  }
  return (
    status.isFile() &&
    status.size === record.size &&
    status.mtimeMs === record.mtimeMs &&
    status.ctimeMs === record.ctimeMs
  );
}

/** Whether a symlink leads to `target`, byte for byte. */
export function isLink(root: string, path: TreePath, target: string): boolean {
  return readlinkSync(diskPath(root, path), 'latin1') === target;
}

/** Compares a file with the one that it should be a copy of. */
export function compareWithFile(root: string, path: TreePath, from: string, source: TreePath): Comparison {
  const file = openToRead(root, path);
  if (file === undefined) return 'different';
  try {
    const other = openToRead(from, source, 'follow');
    if (other === undefined) return 'different';
    try {
      return compareOpen(file, other);
    } finally {
      closeSync(other);
    }
  } finally {
    closeSync(file);
  }
}

/** Compares a file with the bytes that it should have. */
export function compareWithBytes(root: string, path: TreePath, bytes: Buffer): Comparison {
  const file = openToRead(root, path);
  if (file === undefined) return 'different';
  try {
    const found = readFileSync(file);
    if (found.equals(bytes)) return 'same';
    return found.equals(bytes.subarray(0, found.length)) ? 'a beginning of it' : 'different';
  } finally {
    closeSync(file);
  }
}

/** A symlink is not followed, unless told to. */
function openToRead(root: string, path: TreePath, links: 'follow' | 'refuse' = 'refuse'): number | undefined {
  if (links === 'refuse' && !diskStatus(root, path)?.isFile()) return undefined;
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (links === 'refuse' ? constants.O_NOFOLLOW : 0);
  try {
    return openSync(diskPath(root, path), flags);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function compareOpen(file: number, other: number): Comparison {
  const [a, b] = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)];
  for (;;) {
    const [countA, countB] = [readFully(file, a), readFully(other, b)];
    if (!a.subarray(0, countA).equals(b.subarray(0, Math.min(countA, countB)))) return 'different';
    if (countA < countB) return 'a beginning of it';
    if (countA < pieceBytes) return 'same';
  }
}

function readFully(descriptor: number, buffer: Buffer): number {
  let at = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, at, buffer.length - at, null);
    at += count;
    if (count === 0 || at === buffer.length) return at;
  }
}

/** Whether a file's bytes have this SHA-256, in hexadecimal digits. */
export function hasHash(root: string, path: TreePath, hash: string): boolean {
  const file = openToRead(root, path);
  if (file === undefined) return false;
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex') === hash;
  } finally {
    closeSync(file);
  }
}
