import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { type Hash, hashOf } from '../base/hash.ts';
import { isAbsent, systemCode } from '../base/system-error.ts';
import type { BlobBatch } from '../blob/blob-batch.ts';
import { addFileStream, wholeFileBytesMax } from '../blob/file.ts';
import type { FileEntry, SymlinkEntry } from '../tree/entry.ts';
import { type TreePath, textFromPath } from '../tree/path.ts';
import { diskPath } from './disk-path.ts';
import { diskStatus } from './disk-status.ts';
import { keptPermissions } from './permissions.ts';
import { unreadable, WorkspaceError, workspaceErrorFrom } from './workspace-error.ts';

/** A file or symlink as it was read, and its status at that time. */
export interface Reading {
  readonly entry: FileEntry | SymlinkEntry;
  readonly status: Stats;
}

/** How often something that changes while it is read is read again. */
const attemptsMax = 5;
/** Small files are read into shared pieces of memory of this size, in bytes. */
const slabBytes = 512 * 1024;
const streamBytes = 1024 * 1024;

/** Not following a symlink that took the file's place, nor waiting for the other end of a FIFO that did. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

interface FileReading {
  /** 1 for the first one. */
  readonly attempt: number;
  readonly stored: Hash | undefined;
}

/** Reads files and symlinks below a directory into a batch. System calls are synchronous: they take microseconds. */
export class EntryReader {
  readonly #root: string;
  readonly #batch: BlobBatch;
  #slab = Buffer.alloc(0);
  #used = 0;

  constructor(root: string, batch: BlobBatch) {
    this.#root = root;
    this.#batch = batch;
  }

  /**
   * Reads what stands at `path`: at once where it is small. Undefined when it is gone or has become something else than
   * a file or a symlink. Content that is `stored` already is not added again, where it is small. Throws
   * `workspace/unreadable`, and `workspace/unsteady` when it does not hold still.
   */
  read(
    path: TreePath,
    expected: 'file' | 'symlink',
    stored?: Hash,
  ): Reading | undefined | Promise<Reading | undefined> {
    try {
      if (expected === 'symlink') return this.#readSymlink(path);
      return this.#readFile(path, { attempt: 1, stored });
    } catch (error) {
      throw readingFailed(path, error);
    }
  }

  #readFile(path: TreePath, reading: FileReading): Reading | undefined | Promise<Reading | undefined> {
    let descriptor: number;
    try {
      descriptor = openSync(diskPath(this.#root, path), openFlags);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      if (systemCode(error) === 'ELOOP') return this.#readSymlink(path);
      throw error;
    }
    let streaming = false;
    try {
      const status = fstatSync(descriptor);
      if (!status.isFile()) return undefined;
      if (status.size > wholeFileBytesMax) {
        streaming = true;
        return this.#readLarge(path, descriptor, status, reading);
      }
      const small = this.#readSmall(descriptor, status, reading.stored);
      if (small !== undefined) return small;
    } finally {
      if (!streaming) closeSync(descriptor);
    }
    return this.#again(path, reading);
  }

  /** Undefined when the file was changed meanwhile. */
  #readSmall(descriptor: number, status: Stats, stored: Hash | undefined): Reading | undefined {
    const size = status.size;
    const room = this.#room(size + 1);
    // One byte more than there should be, to see whether the file has grown.
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, room, length, size + 1 - length, null);
      length += count;
      if (count === 0 || length >= size) break;
    }
    if (length !== size || !sameVersion(status, fstatSync(descriptor))) return undefined;
    const bytes = room.subarray(0, size);
    const hash = hashOf(bytes);
    if (hash !== stored && this.#batch.addHashed(hash, bytes, 'blob')) this.#used += size;
    return { entry: { type: 'file', mode: keptPermissions(status.mode), size, hash }, status };
  }

  async #readLarge(
    path: TreePath,
    descriptor: number,
    status: Stats,
    reading: FileReading,
  ): Promise<Reading | undefined> {
    try {
      const content = await addFileStream(this.#batch, piecesOf(descriptor));
      if (content.size === status.size && sameVersion(status, fstatSync(descriptor))) {
        return { entry: { type: 'file', mode: keptPermissions(status.mode), ...content }, status };
      }
    } catch (error) {
      throw readingFailed(path, error);
    } finally {
      closeSync(descriptor);
    }
    return this.#again(path, reading);
  }

  #again(path: TreePath, reading: FileReading): Reading | undefined | Promise<Reading | undefined> {
    if (reading.attempt === attemptsMax) {
      throw new WorkspaceError(
        'workspace/unsteady',
        `"${textFromPath(path)}" was changed each of the ${attemptsMax} times that it was read. Wait for the program that writes it, or stop that, then do it again.`,
      );
    }
    return this.#readFile(path, { ...reading, attempt: reading.attempt + 1 });
  }

  #readSymlink(path: TreePath): Reading | undefined {
    const status = diskStatus(this.#root, path);
    if (!status?.isSymbolicLink()) return undefined;
    const target = readTarget(diskPath(this.#root, path));
    if (target === undefined) return undefined;
    return { entry: { type: 'symlink', size: target.length, hash: this.#batch.add(target) }, status };
  }

  /** Memory for `size` bytes. They stay taken once `#used` is moved past them. */
  #room(size: number): Buffer {
    if (this.#used + size > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(size, slabBytes));
      this.#used = 0;
    }
    return this.#slab.subarray(this.#used, this.#used + size);
  }
}

function readingFailed(path: TreePath, error: unknown): Error {
  const code = systemCode(error);
  if (code === undefined) return error as Error;
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') {
    return workspaceErrorFrom(error, `read "${textFromPath(path)}"`);
  }
  return unreadable(path, error);
}

/** Where a symlink leads; undefined when it has gone, or is none any more. */
function readTarget(where: string | Buffer): Buffer | undefined {
  try {
    return readlinkSync(where, 'buffer');
  } catch (error) {
    if (isAbsent(error) || systemCode(error) === 'EINVAL') return undefined;
    throw error;
  }
}

function sameVersion(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs && before.ctimeMs === after.ctimeMs;
}

function* piecesOf(descriptor: number): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(streamBytes);
  for (;;) {
    const count = readSync(descriptor, buffer, 0, streamBytes, null);
    if (count === 0) return;
    yield buffer.subarray(0, count);
  }
}
