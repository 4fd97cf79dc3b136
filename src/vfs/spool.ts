import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SpoolFile } from './inode.ts';
import { failureOf } from './overlay-database.ts';
import { syncDirectory, syncFile } from './sync-file.ts';

/** Open files of one spool. */
const filesOpenMax = 64;
/** Files that are synced at the same time. */
const syncsAtOnce = 8;

/** Spool files that nothing stands for any more. */
export interface DroppedFiles {
  readonly files: readonly SpoolFile[];
  readonly bytes: number;
}

/** A file each for the contents that are too large for the overlay's database. */
export class Spool {
  readonly #directory: string;
  /** Open files, the last used at the end. */
  readonly #open = new Map<SpoolFile, number>();
  /** Written since the last sync. */
  #unsynced = new Set<SpoolFile>();
  /** Whether there are files that the directory was not synced with. */
  #isNew = false;
  #dropped: SpoolFile[] = [];
  #droppedBytes = 0;

  constructor(directory: string) {
    this.#directory = join(directory, 'spool');
  }

  /** Makes an empty file. */
  create(file: SpoolFile): void {
    this.#do(() => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      this.#keep(file, openSync(this.pathOf(file), 'wx+', 0o600));
    });
    this.#unsynced.add(file);
    this.#isNew = true;
  }

  /** Reads into `target` from `position` and returns how many bytes there were; behind the end there are none. */
  read(file: SpoolFile, target: Uint8Array, position: number): number {
    return this.#do(() => {
      const descriptor = this.#descriptor(file);
      let done = 0;
      while (done < target.length) {
        const count = readSync(descriptor, target, done, target.length - done, position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  write(file: SpoolFile, pieces: readonly Uint8Array[], position: number): void {
    this.#unsynced.add(file);
    this.#do(() => {
      const descriptor = this.#descriptor(file);
      let rest = pieces.filter((piece) => piece.length > 0);
      for (let at = position; rest.length > 0; ) {
        const written = writevSync(descriptor, rest, at);
        at += written;
        rest = behind(rest, written);
      }
    });
  }

  /** Bytes that the file takes on the disk. */
  used(file: SpoolFile): number {
    return this.#do(() => fstatSync(this.#descriptor(file)).blocks * 512);
  }

  /**
   * Removes a file that nothing stands for, not even after a loss of power. Where that fails nothing is lost but room: it
   * is tried again with the files that are dropped.
   */
  remove(file: SpoolFile): void {
    this.#unsynced.delete(file);
    const descriptor = this.#open.get(file);
    this.#open.delete(file);
    try {
      if (descriptor !== undefined) closeSync(descriptor);
      rmSync(this.pathOf(file), { force: true });
    } catch {
      this.#dropped.push(file);
    }
  }

  /** Makes a new file and what was written to it survive a loss of power, and waits for that. */
  syncNow(file: SpoolFile): void {
    this.#do(() => {
      fdatasyncSync(this.#descriptor(file));
      const directory = openSync(this.#directory, 'r');
      try {
        fsyncSync(directory);
      } finally {
        closeSync(directory);
      }
    });
  }

  /**
   * Takes a file of `bytes` that nothing stands for any more. It stays until that has been synced: after a loss of power
   * the file that it was the content of may be there again.
   */
  drop(file: SpoolFile, bytes: number): void {
    this.#unsynced.delete(file);
    this.#dropped.push(file);
    this.#droppedBytes += bytes;
  }

  /** Bytes of dropped files. */
  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** The files that have been dropped so far, to be removed, or dropped again. */
  takeDropped(): DroppedFiles {
    const taken = { files: this.#dropped, bytes: this.#droppedBytes };
    this.#dropped = [];
    this.#droppedBytes = 0;
    return taken;
  }

  putBack({ files, bytes }: DroppedFiles): void {
    this.#dropped.push(...files);
    this.#droppedBytes += bytes;
  }

  /** All files there are. */
  files(): SpoolFile[] {
    return this.#do(() => {
      if (!existsSync(this.#directory)) return [];
      return readdirSync(this.#directory).map((name) => Number(name) as SpoolFile);
    });
  }

  /** Counts a file as not synced: nobody knows. */
  distrust(file: SpoolFile): void {
    this.#unsynced.add(file);
    this.#isNew = true;
  }

  /** Makes everything that was written so far survive a loss of power. After a failure nothing counts as synced. */
  async sync(): Promise<void> {
    const unsynced = this.#unsynced;
    const isNew = this.#isNew;
    this.#unsynced = new Set();
    this.#isNew = false;
    try {
      const files = unsynced.values();
      const workers = Array.from({ length: Math.min(syncsAtOnce, unsynced.size) }, async () => {
        for (const file of files) await syncFile(this.pathOf(file));
      });
      await Promise.all(workers);
      if (isNew) await syncDirectory(this.#directory);
    } catch (error) {
      for (const file of unsynced) this.#unsynced.add(file);
      this.#isNew ||= isNew;
      throw failureOf(error);
    }
  }

  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #descriptor(file: SpoolFile): number {
    const open = this.#open.get(file);
    if (open === undefined) return this.#keep(file, openSync(this.pathOf(file), 'r+'));
    this.#open.delete(file);
    this.#open.set(file, open);
    return open;
  }

  #keep(file: SpoolFile, descriptor: number): number {
    this.#open.set(file, descriptor);
    if (this.#open.size > filesOpenMax) {
      const [oldest, oldestDescriptor] = this.#open.entries().next().value!;
      closeSync(oldestDescriptor);
      this.#open.delete(oldest);
    }
    return descriptor;
  }

  /** Where the file lies. */
  pathOf(file: SpoolFile): string {
    return join(this.#directory, String(file));
  }

  #do<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw failureOf(error);
    }
  }
}

/** What is left of `pieces` behind their first `count` bytes. */
function behind(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  let index = 0;
  while (index < pieces.length && skip >= pieces[index]!.length) skip -= pieces[index++]!.length;
  const rest = pieces.slice(index);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}
