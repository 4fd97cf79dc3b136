import { lstatSync, mkdirSync, renameSync, unlinkSync, utimesSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { hashOf } from '../base/hash.ts';
import type { Random } from '../base/random.ts';
import { randomText } from '../base/random.ts';
import { isAbsent, systemCode } from '../base/system-error.ts';
import { realDisk } from './directory/disk.ts';
import { readFileRange } from './directory/read-file.ts';
import { entryHeader, headerBytes, parseEntry } from './disk-cache-entry.ts';
import type { ByteRange, BytesCheck } from './object-store.ts';

/** On average, the directory is looked through each time this part of what it may hold has been written. */
const sweepPart = 1 / 16;
/** What a sweep that evicts leaves: room for what is written until the next one. */
const keptPart = 15 / 16;
/** How exactly the time of an entry tells when it was last used, in ms: not every read writes to the disk. */
const usedResolutionMs = 60_000;
/** Entries of up to this size are written in place: without flushing, that takes less than the thread pool does. */
const writeInPlaceBytesMax = 256 * 1024;
/** Disks give files whole blocks of, mostly, this size. */
const blockBytes = 4096;

export interface DiskCacheOptions {
  readonly directory: string;
  /** How many bytes of the disk the entries may take together; with 0, nothing is kept. */
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly random: Random;
}

interface CachedFile {
  readonly path: string;
  /** Bytes on the disk. */
  readonly size: number;
  readonly usedMs: number;
}

/**
 * A bounded directory of immutable bytes that several processes share, described in docs/formats/disk-cache.md.
 * Entries are objects and ranges of objects; those that were not used for longest go first. The `name` of an object
 * must be its own everywhere, and forever.
 *
 * Each write has a chance to be followed by a sweep, in proportion to its size. So a thousand processes that write a
 * little each keep to the limit as one does that writes a lot, and need not tell each other anything. The limit is
 * exceeded by a few sixteenths at times.
 */
export class DiskCache {
  readonly directory: string;
  readonly #bytesMax: number;
  readonly #clock: Clock;
  readonly #random: Random;
  #sweeping: Promise<void> | undefined;

  constructor(options: DiskCacheOptions) {
    this.directory = options.directory;
    this.#bytesMax = options.bytesMax;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /**
   * What is kept of an object, or of this range of it, by itself or within a larger one; undefined for nothing. Removes
   * entries that are damaged, and those that fail `check`. Throws what the disk answers when it cannot be read.
   */
  async read(
    name: string,
    range: ByteRange | undefined,
    check?: BytesCheck,
  ): Promise<Uint8Array | undefined> {
    const own = await this.#readEntry(name, range, check);
    if (own !== undefined || range === undefined) return own;
    for (const holder of await this.#holdersOf(name, range)) {
      const part = await this.#readPart(name, holder, range, check);
      if (part !== undefined) return part;
    }
    return undefined;
  }

  /**
   * Keeps an object, or a range of it. What is larger than a sixteenth of all is not kept. Throws what the disk answers
   * when it cannot be written.
   */
  async write(name: string, range: ByteRange | undefined, bytes: Uint8Array): Promise<void> {
    const header = entryHeader(entryName(name, range), bytes);
    const size = sizeOnDisk(header.length + bytes.length);
    if (size > this.#bytesMax * sweepPart) return;
    const folder = this.#folderOf(name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const temporary = `${folder}/new-${randomText(this.#random, 16)}`;
    try {
      const file = realDisk.createFile(temporary);
      try {
        realDisk.write(file, header);
        if (size > writeInPlaceBytesMax) await realDisk.writeInBackground(file, bytes);
        else realDisk.write(file, bytes);
      } finally {
        realDisk.close(file);
      }
      renameSync(temporary, `${folder}/${fileName(name, range)}`);
    } catch (error) {
      // Somebody who empties the cache may take what was not yet in place.
      if (!isAbsent(error)) {
        removeIfPossible(temporary);
        throw error;
      }
    }
    if (this.#draw() * this.#bytesMax * sweepPart < size) await this.#sweep();
  }

  /** Removes all that is kept of an object. */
  async forget(name: string): Promise<void> {
    const folder = this.#folderOf(name);
    const whole = fileName(name, undefined);
    for (const found of await namesIn(folder)) {
      if (found.startsWith(whole)) removeIfPresent(`${folder}/${found}`);
    }
  }

  #folderOf(name: string): string {
    return `${this.directory}/${fileName(name, undefined).slice(0, 2)}`;
  }

  #pathOf(name: string, range: ByteRange | undefined): string {
    return `${this.#folderOf(name)}/${fileName(name, range)}`;
  }

  async #readEntry(
    name: string,
    range: ByteRange | undefined,
    check: BytesCheck | undefined,
  ): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(name, range);
    const content = await readFileRange(path);
    if (content === undefined) return undefined;
    const bytes = parseEntry(entryName(name, range), content);
    return this.#judge(path, bytes !== undefined && (check?.(bytes) ?? true) ? bytes : undefined);
  }

  /** The entries of an object in which `range` lies, the smallest first; `undefined` stands for the whole object. */
  async #holdersOf(name: string, { start, end }: ByteRange): Promise<(ByteRange | undefined)[]> {
    const whole = fileName(name, undefined);
    const holders: ByteRange[] = [];
    let hasWhole = false;
    for (const found of await namesIn(this.#folderOf(name))) {
      if (!found.startsWith(whole)) continue;
      if (found === whole) hasWhole = true;
      const held = rangeOf(found.slice(whole.length));
      const isOther = held?.start !== start || held.end !== end;
      if (held && held.start <= start && end <= held.end && isOther) holders.push(held);
    }
    holders.sort((a, b) => a.end - a.start - (b.end - b.start));
    return hasWhole ? [...holders, undefined] : holders;
  }

  /** A part of an entry. Where a check can tell whether it is good, the rest of the entry need not be read for that. */
  async #readPart(
    name: string,
    holder: ByteRange | undefined,
    { start, end }: ByteRange,
    check: BytesCheck | undefined,
  ): Promise<Uint8Array | undefined> {
    const first = start - (holder?.start ?? 0);
    const last = end - (holder?.start ?? 0);
    if (check === undefined) return (await this.#readEntry(name, holder, undefined))?.subarray(first, last);
    const path = this.#pathOf(name, holder);
    const bytes = await readFileRange(path, { start: headerBytes + first, end: headerBytes + last });
    if (bytes === undefined) return undefined;
    return this.#judge(path, check(bytes) ? bytes : undefined);
  }

  /** `bytes` of the entry at `path`, which is removed when they are none. */
  #judge(path: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes === undefined) removeIfPossible(path);
    else this.#markUsed(path);
    return bytes;
  }

  #markUsed(path: string): void {
    const nowMs = this.#clock.now();
    try {
      if (nowMs - lstatSync(path).mtimeMs > usedResolutionMs) utimesSync(path, nowMs / 1000, nowMs / 1000);
    } catch (error) {
      // A cache that cannot be written serves what it has. Whoever wants to write is told.
      if (systemCode(error) === undefined) throw error;
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
    for (const name of await namesIn(this.directory)) {
      const folder = `${this.directory}/${name}`;
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
function entryName(name: string, range: ByteRange | undefined): string {
  return range === undefined ? name : `${name}:${range.start}-${range.end}`;
}

function fileName(name: string, range: ByteRange | undefined): string {
  const whole = hashOf(Buffer.from(name)).slice(0, 32);
  return range === undefined ? whole : `${whole}.${range.start}-${range.end}`;
}

/** The range that the end of a file's name stands for. */
function rangeOf(text: string): ByteRange | undefined {
  const [, start, end] = /^\.(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  return start === undefined ? undefined : { start: Number(start), end: Number(end) };
}

function sizeOnDisk(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
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
  return status?.isFile() ? [{ path, size: sizeOnDisk(status.size), usedMs: status.mtimeMs }] : [];
}

function removeIfPresent(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** For what is of no use, and does no harm where it cannot be removed. */
function removeIfPossible(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}
