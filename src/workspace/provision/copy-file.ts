import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  utimesSync,
  writeSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { systemCode } from '../../base/system-error.ts';
import { cannotClone, cloneBytesMin, reflink } from '../checkout/clone-files.ts';

/** A file up to this size in bytes is read and written as a whole; the system copies larger ones. */
const wholeBytesMax = 64 * 1024;
/** From this size in bytes on, a copy is left to another thread. */
const largeBytesMin = 1024 * 1024;

const permissionBits = 0o7777;

export interface CopyRequest {
  readonly source: string | Buffer;
  /** How the source was found: its size, its permissions and its times. */
  readonly status: Stats;
  /** Where nothing may be. */
  readonly where: string | Buffer;
  /** Called as soon as there is something that can be taken back. */
  readonly made: () => void;
}

/** Copies files with their permissions and times, each with as few calls of the system as it takes. */
export class FileCopier {
  /** A byte more than is copied this way, so that a file that has grown is noticed. */
  readonly #buffer = Buffer.allocUnsafe(wholeBytesMax + 1);
  /** Until the disk says that it cannot. */
  #canClone = true;

  /** Returns the status that the copy was left with. Throws as the operating system does. */
  async copy(request: CopyRequest): Promise<Stats> {
    const { source, status, where, made } = request;
    if (status.size < cloneBytesMin || (!this.#canClone && status.size <= wholeBytesMax)) {
      return this.#copyWhole(request) ?? this.#copyBySystem(request);
    }
    if (this.#canClone) {
      try {
        // The copy shares the blocks of its source.
        reflink(source, where);
        made();
        return withTimes(where, status);
      } catch (error) {
        if (!cannotClone.has(systemCode(error) ?? '')) throw error;
        this.#canClone = false;
        return this.copy(request);
      }
    }
    return this.#copyBySystem(request);
  }

  /** Reads and writes at once; undefined, with nothing made, where the source is larger than it was. */
  #copyWhole({ source, status, where, made }: CopyRequest): Stats | undefined {
    const length = this.#read(source, status.size);
    if (length > wholeBytesMax) return undefined;
    const copy = openSync(where, 'wx', status.mode & permissionBits);
    try {
      made();
      for (let at = 0; at < length; ) at += writeSync(copy, this.#buffer, at, length - at);
      futimesSync(copy, status.atimeMs / 1000, status.mtimeMs / 1000);
      const left = fstatSync(copy);
      if (((left.mode ^ status.mode) & permissionBits) === 0) return left;
      // The umask has taken permissions away.
      fchmodSync(copy, status.mode & permissionBits);
      return fstatSync(copy);
    } finally {
      closeSync(copy);
    }
  }

  /** Fills the buffer from a file. One call does, where the file has the size that it is said to have. */
  #read(path: string | Buffer, size: number): number {
    const file = openSync(path, constants.O_RDONLY);
    try {
      let length = 0;
      for (;;) {
        const count = readSync(file, this.#buffer, length, this.#buffer.length - length, null);
        length += count;
        if (count === 0 || length === size || length === this.#buffer.length) return length;
      }
    } finally {
      closeSync(file);
    }
  }

  async #copyBySystem({ source, status, where, made }: CopyRequest): Promise<Stats> {
    if (status.size >= largeBytesMin) await copyFile(source, where, constants.COPYFILE_EXCL);
    else copyFileSync(source, where, constants.COPYFILE_EXCL);
    made();
    return withTimes(where, status);
  }
}

/** Gives a copy the times of its source, since build tools go by times; and returns its status. */
function withTimes(where: string | Buffer, { atimeMs, mtimeMs }: Stats): Stats {
  utimesSync(where, atimeMs / 1000, mtimeMs / 1000);
  return lstatSync(where);
}
