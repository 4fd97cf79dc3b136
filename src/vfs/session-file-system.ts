import { createHash } from 'node:crypto';
import { mkdirSync, statfsSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { hasCode } from '../base/error.ts';
import type { Hash } from '../base/hash.ts';
import type { Random } from '../base/random.ts';
import { accessOf } from './access.ts';
import type { ContentCache } from './content-cache.ts';
import type {
  AttributeChange,
  Attributes,
  Caller,
  Cookie,
  CreateMode,
  FileSystem,
  InodeNumber,
  ListedName,
  ReadResult,
  SpecialNode,
  Statistics,
  Time,
} from './file-system.ts';
import { type BaseOwner, rootInode } from './inode.ts';
import { read, write } from './operations/content.ts';
import { link } from './operations/link.ts';
import { list } from './operations/list.ts';
import { lookup, readLink } from './operations/lookup.ts';
import { createFile, makeDirectory, makeSpecial, makeSymlink } from './operations/make.ts';
import { removeDirectory, removeFile } from './operations/remove.ts';
import { rename } from './operations/rename.ts';
import { setAttributes } from './operations/set-attributes.ts';
import { failureOf } from './overlay-database.ts';
import { mendSpool } from './spool-care.ts';
import { TimeSource } from './time-source.ts';
import { Volume } from './volume.ts';

/** More of dropped files than so many bytes does not wait for the next sync to be removed. */
const droppedBytesMax = 64 * 1024 * 1024;

export interface SessionFileSystemOptions {
  /** Where the session's changes are kept: absolute, its own, made when it is missing. */
  readonly directory: string;
  readonly content: ContentCache;
  /** The tree that the session started from. It must be the same each time. */
  readonly base: Hash;
  readonly owner: BaseOwner;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Names the time since the machine was started. Where it is the same as before, nothing was lost with the power, and
   * clients need not write again what was not synced.
   */
  readonly boot: string;
}

/** Opens the file system of a session, with all that was changed in it. Throws as `FileSystem` does. */
export async function openSessionFileSystem(options: SessionFileSystemOptions): Promise<SessionFileSystem> {
  const { directory, content, base, owner, clock } = options;
  const time = new TimeSource(clock);
  const volume = await Volume.open({ content, tree: base, owner, time, directory });
  mendSpool(volume);
  return new SessionFileSystem(volume, options);
}

/** One session's files, to be read and written: a base tree that never changes, and in front of it what was changed. */
export class SessionFileSystem implements FileSystem {
  readonly mode = 'read-write';
  readonly root = rootInode;
  /** What is below the port: for whoever records the session. */
  readonly volume: Volume;
  readonly #options: SessionFileSystemOptions;
  #verifier: Uint8Array;
  /** The last sync that has begun; never fails. */
  #syncing: Promise<void> = Promise.resolve();
  /** The one that will begin when that has ended. */
  #waiting: Promise<void> | undefined;

  /** See `openSessionFileSystem`. */
  constructor(volume: Volume, options: SessionFileSystemOptions) {
    this.volume = volume;
    this.#options = options;
    this.#verifier = createHash('sha256')
      .update(`${options.boot}\0${options.directory}`)
      .digest()
      .subarray(0, 8);
  }

  get writeVerifier(): Uint8Array {
    return this.#verifier;
  }

  attributes(inode: InodeNumber): Attributes {
    return this.volume.inode(inode);
  }

  setAttributes(caller: Caller, inode: InodeNumber, change: AttributeChange, guard?: Time): Attributes {
    return setAttributes(this.volume, caller, inode, change, guard);
  }

  access(caller: Caller, inode: InodeNumber, wanted: number): number {
    return accessOf(caller, this.volume.inode(inode)) & wanted;
  }

  lookup(caller: Caller, directory: InodeNumber, name: string): Attributes {
    return lookup(this.volume, caller, directory, name);
  }

  readLink(inode: InodeNumber): Uint8Array {
    return readLink(this.volume, inode);
  }

  read(caller: Caller, inode: InodeNumber, offset: number, count: number): ReadResult {
    return read(this.volume, caller, inode, offset, count);
  }

  write(caller: Caller, inode: InodeNumber, offset: number, pieces: readonly Uint8Array[]): Attributes {
    try {
      return write(this.volume, caller, inode, offset, pieces);
    } catch (error) {
      if (!hasCode(error, 'file-system/full')) throw error;
      if (this.volume.spool.droppedBytes > 0) {
        this.#freeDropped();
        return write(this.volume, caller, inode, offset, pieces);
      }
      this.volume.overlay.makeRoom();
      throw error;
    }
  }

  create(caller: Caller, directory: InodeNumber, name: string, mode: CreateMode): Attributes {
    return createFile(this.volume, caller, directory, name, mode);
  }

  makeDirectory(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    attributes: AttributeChange,
  ): Attributes {
    return makeDirectory(this.volume, caller, directory, name, attributes);
  }

  makeSymlink(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    target: Uint8Array,
    attributes: AttributeChange,
  ): Attributes {
    return makeSymlink(this.volume, caller, directory, name, target, attributes);
  }

  makeSpecial(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    node: SpecialNode,
    attributes: AttributeChange,
  ): Attributes {
    return makeSpecial(this.volume, caller, directory, name, node, attributes);
  }

  remove(caller: Caller, directory: InodeNumber, name: string): void {
    removeFile(this.volume, caller, directory, name);
  }

  removeDirectory(caller: Caller, directory: InodeNumber, name: string): void {
    removeDirectory(this.volume, caller, directory, name);
  }

  rename(
    caller: Caller,
    fromDirectory: InodeNumber,
    fromName: string,
    toDirectory: InodeNumber,
    toName: string,
  ): void {
    rename(this.volume, caller, fromDirectory, fromName, toDirectory, toName);
  }

  link(caller: Caller, inode: InodeNumber, directory: InodeNumber, name: string): Attributes {
    return link(this.volume, caller, inode, directory, name);
  }

  list(
    caller: Caller,
    directory: InodeNumber,
    after: Cookie,
    take: (listed: ListedName) => boolean,
  ): 'end' | 'more' {
    return list(this.volume, caller, directory, after, take);
  }

  statistics(): Statistics {
    return diskStatistics(this.#options.directory);
  }

  flush(): void {
    this.volume.overlay.flush();
    const { spool, overlay } = this.volume;
    const isUrgent = spool.droppedBytes > (overlay.isShortOfRoom ? 0 : droppedBytesMax);
    if (isUrgent) this.#freeDropped();
  }

  /** Calls that come while one is under way share the next one: it sees all that they did. */
  async sync(): Promise<void> {
    this.flush();
    if (this.#waiting === undefined) {
      this.#waiting = this.#syncing.then(() => {
        this.#waiting = undefined;
        return this.#syncAll();
      });
      this.#syncing = this.#waiting.catch(() => {});
    }
    return this.#waiting;
  }

  /** Syncs, and lets go of files and memory. Nothing may be asked of it afterwards; but if it fails, it is still open. */
  async close(): Promise<void> {
    await this.sync();
    this.volume.spool.close();
    this.volume.overlay.close();
  }

  async #syncAll(): Promise<void> {
    const { spool, overlay } = this.volume;
    const dropped = spool.takeDropped();
    try {
      await Promise.all([spool.sync(), overlay.sync()]);
    } catch (error) {
      spool.putBack(dropped);
      // What the disk did not take may be lost: clients that still have it must write it again.
      this.#verifier = this.#options.random.bytes(8);
      throw error;
    }
    for (const file of dropped.files) spool.remove(file);
  }

  /** Removes dropped spool files now. */
  #freeDropped(): void {
    const { spool, overlay } = this.volume;
    overlay.syncNow();
    for (const file of spool.takeDropped().files) spool.remove(file);
  }
}

/** The room on the disk that holds `directory`. */
function diskStatistics(directory: string): Statistics {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { bsize, blocks, bavail, files, ffree } = statfsSync(directory);
    return {
      totalBytes: bsize * blocks,
      freeBytes: bsize * bavail,
      totalFiles: files,
      freeFiles: ffree,
    };
  } catch (error) {
    throw failureOf(error);
  }
}
