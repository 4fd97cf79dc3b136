import { readdirSync, statSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { randomText } from '../../base/random.ts';
import { isAbsent, systemCode } from '../../base/system-error.ts';
import type { SweepOptions } from '../object-store.ts';
import type { Disk } from './disk.ts';

/** Files of up to this size are written in place when nothing else is under way. */
const writeInPlaceBytesMax = 256 * 1024;
/** A temporary file this old, in ms, whose process is gone was left by a crash. */
const temporaryAgeMs = 60 * 60 * 1000;

/** A flushed file under a temporary name, ready to be given its place. */
export interface TemporaryFile {
  /** Gives the file the name `path`; fails with `EEXIST` where that is taken. */
  linkTo(path: string): void;
  /** Gives the file the name `path`, over whatever file was there. */
  renameTo(path: string): void;
}

/**
 * Writes complete, flushed files under temporary names, from where they are linked or renamed to their place, and
 * flushes the directories in which they got their names.
 *
 * Waiting for the disk in place costs 0.45 ms a small file, through the thread pool 0.58 ms; but the thread pool keeps
 * the process alive to others, and lets the file system share the flushes of concurrent writes, which makes it
 * 0.16 ms each. So what is alone waits in place, and what has company goes through the pool.
 */
export class DurableFiles {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #random: Random;
  #underWay = 0;
  #sweptMs: number | undefined;

  /** `directory` is where the temporary files lie; it must be on the file system of the places they go to. */
  constructor(directory: string, disk: Disk, clock: Clock, random: Random) {
    this.#directory = directory;
    this.#disk = disk;
    this.#clock = clock;
    this.#random = random;
  }

  /** Counts `work` among what is under way. It starts after the caller's own turn, so that a batch is seen as one. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      await undefined;
      return await work();
    } finally {
      this.#underWay--;
    }
  }

  /** Hands `use` a temporary file that holds `bytes`; its temporary name ends with `use`. */
  async withFile<T>(bytes: Uint8Array, use: (file: TemporaryFile) => Promise<T>): Promise<T> {
    this.#sweepSometimes();
    const path = `${this.#directory}/${process.pid}-${randomText(this.#random, 16)}`;
    const descriptor = this.#disk.createFile(path);
    let renamed = false;
    try {
      try {
        await this.#fill(descriptor, bytes);
      } finally {
        this.#disk.close(descriptor);
      }
      return await use({
        linkTo: (place) => this.#disk.link(path, place),
        renameTo: (place) => {
          this.#disk.rename(path, place);
          renamed = true;
        },
      });
    } finally {
      if (!renamed) this.#removeTemporary(path);
    }
  }

  async flushDirectory(path: string): Promise<void> {
    try {
      if (this.#underWay > 1) await this.#disk.flushDirectoryInBackground(path);
      else this.#disk.flushDirectory(path);
    } catch (error) {
      // Someone has removed the directory since, with all that was in it: nothing is left to be made durable.
      if (!isAbsent(error)) throw error;
    }
  }

  async #fill(file: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length > writeInPlaceBytesMax) {
      await this.#disk.writeInBackground(file, bytes);
      await this.#disk.flushInBackground(file);
    } else {
      this.#disk.write(file, bytes);
      if (this.#underWay > 1) await this.#disk.flushInBackground(file);
      else this.#disk.flush(file);
    }
  }

  #removeTemporary(path: string): void {
    try {
      this.#disk.remove(path);
    } catch (error) {
      // Another process may have swept it. If the disk fails, the next sweep tries again; how the write ended stays true.
      if (systemCode(error) === undefined) throw error;
    }
  }

  /**
   * Removes temporary files from before a time whose processes are gone, and answers how many there were. The directory
   * must exist. A `dry run` only counts.
   */
  sweep({ beforeMs, mode }: SweepOptions): number {
    let swept = 0;
    for (const name of readdirSync(this.#directory)) {
      const path = `${this.#directory}/${name}`;
      const status = statSync(path, { throwIfNoEntry: false });
      if (status === undefined || status.mtimeMs > beforeMs || isAlive(name)) continue;
      if (mode === 'sweep') this.#removeTemporary(path);
      swept++;
    }
    return swept;
  }

  /** Removes what crashed processes have left, at most once in `temporaryAgeMs`. */
  #sweepSometimes(): void {
    const now = this.#clock.now();
    if (this.#sweptMs !== undefined && now - this.#sweptMs < temporaryAgeMs) return;
    this.#sweptMs = now;
    this.sweep({ beforeMs: now - temporaryAgeMs, mode: 'sweep' });
  }
}

/** True while a process has the number that begins the name of a temporary file. */
function isAlive(name: string): boolean {
  const pid = Number.parseInt(name, 10);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}
