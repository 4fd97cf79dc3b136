import { dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { systemRandom } from '../../base/random.ts';
import { systemCode } from '../../base/system-error.ts';
import type { Sleep } from '../backoff.ts';
import { systemSleep } from '../backoff.ts';
import { etagOf, etagOfLarge, ReadObject } from '../content-etag.ts';
import type {
  ByteRange,
  ETag,
  ListOptions,
  ObjectInfo,
  ObjectKey,
  ObjectStore,
  StoredObject,
  SweepOptions,
  WriteOutcome,
} from '../object-store.ts';
import { parseKey, StorageError } from '../object-store.ts';
import type { Disk } from './disk.ts';
import { realDisk } from './disk.ts';
import { storageErrorFrom } from './disk-error.ts';
import type { TemporaryFile } from './durable-files.ts';
import { DurableFiles } from './durable-files.ts';
import { Folders, kindOf } from './folders.ts';
import { listKeys } from './list-keys.ts';
import { readFileInPlace, readFileRange } from './read-file.ts';
import { ShardLocks } from './shard-locks.ts';

export interface DirectoryStoreOptions {
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly sleep?: Sleep;
  /** How long a write waits for other processes that write the same key, in ms; 30 s unless told otherwise. */
  readonly lockWaitMsMax?: number;
}

const lockWaitMsMaxDefault = 30_000;
/** A turn is a courtesy: nobody waits for it longer than this, in ms. */
const turnWaitMsMax = 2_000;

/**
 * Objects as plain files: `a/b` is the file `a/b` below the root. Any number of processes on one machine can share
 * the directory, which must lie on a local disk. Its layout is described in docs/formats/store-layout.md.
 *
 * - A new version is written and flushed under a temporary name, then linked (`putIfAbsent`) or renamed (`put`,
 *   `compareAndSwap`) to its place, and the directory flushed: killed at any step, a key has the old version or the new.
 * - Writers that replace or remove hold the lock of the key's shard, until the new version has its name. Readers and
 *   `putIfAbsent` take no lock.
 */
export class DirectoryStore implements ObjectStore {
  readonly #root: string;
  readonly #disk: Disk;
  readonly #folders: Folders;
  readonly #files: DurableFiles;
  readonly #locks: ShardLocks;
  readonly #turns: ShardLocks;
  #prepared = false;

  /** `root` is made with the first write when it does not exist. */
  constructor(root: string, options: DirectoryStoreOptions = {}) {
    const {
      disk = realDisk,
      clock = systemClock,
      random = systemRandom,
      sleep = systemSleep,
      lockWaitMsMax = lockWaitMsMaxDefault,
    } = options;
    this.#root = root;
    this.#disk = disk;
    this.#folders = new Folders(root, disk);
    this.#files = new DurableFiles(this.#temporary, disk, clock, random);
    this.#locks = new ShardLocks(this.#lockFiles, { random, sleep, waitMsMax: lockWaitMsMax });
    this.#turns = new ShardLocks(this.#turnFiles, { random, sleep, waitMsMax: turnWaitMsMax });
  }

  get #temporary(): string {
    return `${this.#root}/.tmp`;
  }

  get #lockFiles(): string {
    return `${this.#root}/.locks`;
  }

  get #turnFiles(): string {
    return `${this.#lockFiles}/turns`;
  }

  async get(key: ObjectKey, range?: ByteRange): Promise<StoredObject | undefined> {
    const path = this.#pathOf(key);
    try {
      const bytes = await readFileRange(path, range);
      return bytes && new ReadObject(bytes);
    } catch (error) {
      throw storageErrorFrom(error, `read "${key}"`);
    }
  }

  async put(key: ObjectKey, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(key);
    await this.#writing(key, () =>
      this.#files.withFile(bytes, async (file) => {
        await this.#locks.hold(key, () => this.#folders.makingWay(key, () => file.renameTo(path)));
        await this.#settle(key);
      }),
    );
  }

  async putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    const path = this.#pathOf(key);
    return this.#writing(key, async () => {
      if (kindOf(path) === 'file') return { outcome: 'refused' };
      const etag = etagOfLarge(bytes);
      return this.#files.withFile(bytes, async (file) => {
        if (!this.#linkNew(key, file)) return { outcome: 'refused' };
        return this.#settleVersion(key, await etag);
      });
    });
  }

  async compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    const path = this.#pathOf(key);
    return this.#writing(key, async () => {
      // Who comes too late learns it here, without waiting. It is decided under the lock.
      if (!isVersion(path, expected)) return { outcome: 'refused' };
      const etag = etagOfLarge(bytes);
      // The file is written under the lock, too: outside, all who lose the race would have written theirs for nothing.
      const swapped = await this.#locks.hold(key, async () => {
        if (!isVersion(path, expected)) return false;
        await this.#files.withFile(bytes, async (file) => file.renameTo(path));
        return true;
      });
      return swapped ? this.#settleVersion(key, await etag) : { outcome: 'refused' };
    });
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ObjectInfo> {
    try {
      yield* listKeys(this.#root, prefix, options);
    } catch (error) {
      throw storageErrorFrom(error, `list "${prefix}"`);
    }
  }

  async delete(key: ObjectKey): Promise<void> {
    const path = this.#pathOf(key);
    if (kindOf(path) !== 'file') return;
    await this.#writing(key, async () => {
      const removed = await this.#locks.hold(key, () => {
        if (kindOf(path) !== 'file') return false;
        this.#disk.remove(path);
        return true;
      });
      if (!removed) return;
      await this.#settle(key);
      this.#folders.removeEmptyAbove(key);
    });
  }

  async inTurn<T>(key: ObjectKey, work: () => Promise<T>): Promise<T> {
    let started = false;
    try {
      this.#prepare();
      return await this.#turns.hold(key, () => {
        started = true;
        return work();
      });
    } catch (error) {
      if (started) throw error;
      return work();
    }
  }

  async sweep(prefix: string, options: SweepOptions): Promise<number> {
    // Temporary files do not tell what they were to become.
    try {
      return kindOf(this.#temporary) === 'folder' ? this.#files.sweep(options) : 0;
    } catch (error) {
      throw storageErrorFrom(error, `remove what interrupted writes of "${prefix}" have left`);
    }
  }

  /** Closes the lock files; no write may be under way. The store opens them again when it is used again. */
  close(): void {
    this.#locks.close();
    this.#turns.close();
  }

  #pathOf(key: ObjectKey): string {
    return `${this.#root}/${parseKey(key)}`;
  }

  async #writing<T>(key: ObjectKey, work: () => Promise<T>): Promise<T> {
    try {
      this.#prepare();
      return await this.#files.during(work);
    } catch (error) {
      // Should someone have removed the store, it is made anew by the next write.
      this.#prepared = false;
      throw storageErrorFrom(error, `write "${key}"`);
    }
  }

  /** Makes the directories that every write needs, once. */
  #prepare(): void {
    if (this.#prepared) return;
    this.#folders.make(this.#temporary);
    this.#folders.make(this.#lockFiles);
    this.#folders.make(this.#turnFiles);
    this.#prepared = true;
  }

  /** Makes the name that an object has just got or lost survive a power cut. The write cannot be taken back any more. */
  async #settle(key: ObjectKey): Promise<void> {
    try {
      await this.#files.flushDirectory(dirname(this.#pathOf(key)));
    } catch (error) {
      throw new StorageError(
        'storage/unavailable',
        `"${key}" was written, but the disk of the store failed (${systemCode(error)}) before it was certain to keep it. Check the disk, then do it again.`,
        { cause: error },
      );
    }
  }

  /** `#settle` for a conditional write. */
  async #settleVersion(key: ObjectKey, etag: ETag): Promise<WriteOutcome> {
    try {
      await this.#settle(key);
      return { outcome: 'stored', etag };
    } catch (cause) {
      return { outcome: 'unknown', cause };
    }
  }

  /** Links a file to the place of an object; false when there is an object already. */
  #linkNew(key: ObjectKey, file: TemporaryFile): boolean {
    const path = this.#pathOf(key);
    return this.#folders.makingWay(key, () => {
      try {
        file.linkTo(path);
        return true;
      } catch (error) {
        if (systemCode(error) === 'EEXIST' && kindOf(path) === 'file') return false;
        throw error;
      }
    });
  }
}

/** True when the object at `path` is the version `expected`. */
function isVersion(path: string, expected: ETag): boolean {
  const bytes = readFileInPlace(path);
  return bytes !== undefined && etagOf(bytes) === expected;
}
