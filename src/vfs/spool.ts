import {
  closeSync,
  fstatSync,
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

/** A file each for the contents that are too large for the overlay's database. */
export class Spool {
  readonly #directory: string;
  /** Open files, the last used at the end. */
  readonly #open = new Map<SpoolFile, number>();
  /** Written since the last sync. */
  #unsynced = new Set<SpoolFile>();
  #isNew = false;

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

  remove(file: SpoolFile): void {
    this.#unsynced.delete(file);
    const descriptor = this.#open.get(file);
    if (descriptor !== undefined) closeSync(descriptor);
    this.#open.delete(file);
    rmSync(this.pathOf(file), { force: true });
  }

  /** Counts a file as not synced: nobody knows. */
  distrust(file: SpoolFile): void {
    this.#unsynced.add(file);
  }

  /** All files there are. */
  files(): SpoolFile[] {
    try {
      return readdirSync(this.#directory).map((name) => Number(name) as SpoolFile);
    } catch {
      // Not made yet.
      return [];
    }
  }

  /** Makes everything that was written so far survive a loss of power. After a failure nothing counts as synced. */
  async sync(): Promise<void> {
    const unsynced = this.#unsynced;
    const isNew = this.#isNew;
    this.#unsynced = new Set();
    this.#isNew = false;
    try {
      const files = [...unsynced];
      for (let at = 0; at < files.length; at += filesOpenMax) {
        await Promise.all(files.slice(at, at + filesOpenMax).map((file) => syncFile(this.pathOf(file))));
      }
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
