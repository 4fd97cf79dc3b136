import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { isAbsent } from '../../base/system-error.ts';
import type { ByteRange } from '../object-store.ts';
import { StorageError } from '../object-store.ts';

/** Up to this many bytes are read in place: in microseconds, where the thread pool would take five times as long. */
const readInPlaceBytesMax = 256 * 1024;
const readAsync = promisify(read);

/** The bytes of a file, or those of `range`; undefined where there is no file. */
export async function readFileRange(path: string, range?: ByteRange): Promise<Buffer | undefined> {
  const file = openToRead(path);
  if (file === undefined) return undefined;
  try {
    const target = bufferFor(file, range);
    if (target === undefined) return undefined;
    const start = range?.start ?? 0;
    if (target.length <= readInPlaceBytesMax) return fill(file, path, target, start);
    for (let at = 0; at < target.length; ) {
      const { bytesRead } = await readAsync(file, target, at, target.length - at, start + at);
      if (bytesRead === 0) throw shortened(path);
      at += bytesRead;
    }
    return target;
  } finally {
    closeSync(file);
  }
}

/** All bytes of a file at once, holding up everything else: for what must not be interrupted. */
export function readFileInPlace(path: string): Buffer | undefined {
  const file = openToRead(path);
  if (file === undefined) return undefined;
  try {
    const target = bufferFor(file, undefined);
    return target && fill(file, path, target, 0);
  } finally {
    closeSync(file);
  }
}

function openToRead(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** A buffer for what is to be read; undefined for a directory. Objects are replaced, not changed: the size holds. */
function bufferFor(file: number, range: ByteRange | undefined): Buffer | undefined {
  const status = fstatSync(file);
  if (!status.isFile()) return undefined;
  const size =
    range === undefined ? status.size : Math.max(0, Math.min(range.end, status.size) - range.start);
  // Memory of its own: a piece of Node's pool would keep 8 KiB alive in a cache above for every few bytes.
  return Buffer.allocUnsafeSlow(size);
}

function fill(file: number, path: string, target: Buffer, start: number): Buffer {
  for (let at = 0; at < target.length; ) {
    const count = readSync(file, target, at, target.length - at, start + at);
    if (count === 0) throw shortened(path);
    at += count;
  }
  return target;
}

function shortened(path: string): StorageError {
  return new StorageError(
    'storage/corrupt',
    `"${path}" became shorter while it was read: something other than the store writes there. Keep other programs out of the store's directory.`,
  );
}
