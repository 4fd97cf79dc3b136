import { lstatSync, mkdirSync, renameSync, unlinkSync, utimesSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { hashOf } from '../base/hash.ts';
import type { Random } from '../base/random.ts';
import { randomText } from '../base/random.ts';
import { realDisk } from './directory/disk.ts';
import { isAbsent } from './directory/disk-error.ts';
import { readFileRange } from './directory/read-file.ts';
import { entryHeader, parseEntry } from './disk-cache-entry.ts';
import type { ByteRange, ObjectKey } from './object-store.ts';

/** On average, the directory is looked through each time this part of what it may hold has been written. */
const sweepPart = 1 / 16;
/** What a sweep that evicts leaves: room for what is written until the next one. */
const keptPart = 15 / 16;
/** How exactly the time of an entry tells when it was last used, in ms: not every read writes to the disk. */
const usedResolutionMs = 60_000;
/** Entries of up to this size are written in place: without flushing, that takes less than the thread pool does. */
const writeInPlaceBytesMax = 256 * 1024;

export interface DiskCacheOptions {
  readonly directory: string;
  /** How many bytes the entries may have together. */
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly random: Random;
}

interface CachedFile {
  readonly path: string;
  readonly size: number;
  readonly usedMs: number;
}

/**
 * A bounded directory of immutable bytes that several processes share, described in docs/formats/disk-cache.md.
 * Entries are objects and ranges of objects; those that were not used for longest go first.
 *
 * Each write has a chance to be followed by a sweep, in proportion to its size. So a thousand processes that write a
 * little each keep to the limit as one does that writes a lot, and need not tell each other anything. The limit is
 * exceeded by a few sixteenths at times.
 */
export class DiskCache {
  readonly #directory: string;
  readonly #bytesMax: number;
  readonly #clock: Clock;
  readonly #random: Random;
  #sweeping: Promise<void> | undefined;

  constructor(options: DiskCacheOptions) {
    this.#directory = options.directory;
    this.#bytesMax = options.bytesMax;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** What is kept of an object, or as this very range of it; undefined for nothing. Removes an entry that is damaged. */
  async read(key: ObjectKey, range: ByteRange | undefined): Promise<Uint8Array | undefined> {
    const path = `${this.#folderOf(key)}/${fileName(key, range)}`;
    const content = await readFileRange(path);
    if (content === undefined) return undefined;
    const bytes = parseEntry(entryName(key, range), content);
    if (bytes === undefined) removeIfPresent(path);
    else this.#markUsed(path);
    return bytes;
  }

  /** Keeps an object, or a range of it. What is larger than a sixteenth of all is not kept. */
  async write(key: ObjectKey, range: ByteRange | undefined, bytes: Uint8Array): Promise<void> {
    const header = entryHeader(entryName(key, range), bytes);
    const size = header.length + bytes.length;
    if (size > this.#bytesMax * sweepPart) return;
    const folder = this.#folderOf(key);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const temporary = `${folder}/new-${randomText(this.#random, 16)}`;
    const file = realDisk.createFile(temporary);
    try {
      try {
        realDisk.write(file, header);
        if (size > writeInPlaceBytesMax) await realDisk.writeInBackground(file, bytes);
        else realDisk.write(file, bytes);
      } finally {
        realDisk.close(file);
      }
      renameSync(temporary, `${folder}/${fileName(key, range)}`);
    } catch (error) {
      removeIfPresent(temporary);
      throw error;
    }
    if (this.#draw() * this.#bytesMax * sweepPart < size) await this.#sweep();
  }

  /** Removes all that is kept of an object. */
  async forget(key: ObjectKey): Promise<void> {
    const folder = this.#folderOf(key);
    const whole = fileName(key, undefined);
    for (const name of await namesIn(folder)) {
      if (name.startsWith(whole)) removeIfPresent(`${folder}/${name}`);
    }
  }

  #folderOf(key: ObjectKey): string {
    return `${this.#directory}/${fileName(key, undefined).slice(0, 2)}`;
  }

  #markUsed(path: string): void {
    const nowMs = this.#clock.now();
    try {
      if (nowMs - lstatSync(path).mtimeMs > usedResolutionMs) utimesSync(path, nowMs / 1000, nowMs / 1000);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  /** A number that is evenly spread from 0 to 1, without 1. */
  #draw(): number {
    return Buffer.from(this.#random.bytes(6)).readUIntBE(0, 6) / 2 ** 48;
  }

  /** Evicts what there is too much of; several who want that at once share one sweep. */
  #sweep(): Promise<void> {
    this.#sweeping ??= this.#evict().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #evict(): Promise<void> {
    const files: CachedFile[] = [];
    for (const name of await namesIn(this.#directory)) {
      const folder = `${this.#directory}/${name}`;
      for (const inside of await namesIn(folder)) files.push(...cachedFile(`${folder}/${inside}`));
    }
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    if (bytes <= this.#bytesMax) return;
    for (const { path, size } of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (bytes <= this.#bytesMax * keptPart) return;
      removeIfPresent(path);
      bytes -= size;
    }
  }
}

/** What the checksum of an entry binds its bytes to. */
function entryName(key: ObjectKey, range: ByteRange | undefined): string {
  return range === undefined ? key : `${key}:${range.start}-${range.end}`;
}

function fileName(key: ObjectKey, range: ByteRange | undefined): string {
  const whole = hashOf(Buffer.from(key)).slice(0, 32);
  return range === undefined ? whole : `${whole}.${range.start}-${range.end}`;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** The file at `path`, if it is still there. */
function cachedFile(path: string): CachedFile[] {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status?.isFile() ? [{ path, size: status.size, usedMs: status.mtimeMs }] : [];
}

function removeIfPresent(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
