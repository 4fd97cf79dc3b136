import type { FileName } from '../tree/path.ts';

/** Names a file for as long as its file system lives, and never another one: numbers are not used again. */
export type InodeNumber = number & { readonly InodeNumber: unique symbol };

/** A place in a directory's listing. Stays true while names come and go; 0 is the beginning. */
export type Cookie = number & { readonly Cookie: unique symbol };

export const listingStart = 0 as Cookie;

export type FileType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'fifo'
  | 'socket'
  | 'character-device'
  | 'block-device';

/** A moment since the Unix epoch. `seconds` may be anything that fits 32 bits unsigned, `nanoseconds` is below 10^9. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** The number of a device. Both are 0 for what is none. */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** What a file is, besides its content. A value: it does not change when the file does. */
export interface Attributes {
  readonly inode: InodeNumber;
  readonly type: FileType;
  /** The twelve permission bits. */
  readonly mode: number;
  /** How many names it has; a directory: 2 and its subdirectories, or 1 where nobody has counted them. */
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content. */
  readonly size: number;
  /** Bytes that it takes on a disk. */
  readonly used: number;
  readonly device: Device;
  readonly accessed: Time;
  readonly modified: Time;
  readonly changed: Time;
}

/** A time to be set: one that the caller gives, or the file system's own. */
export type TimeChange = Time | 'now';

/** What is to become of a file's attributes; what is left out stays. */
export interface AttributeChange {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly accessed?: TimeChange;
  readonly modified?: TimeChange;
}

/** On whose behalf something is done. User 0 may do everything. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  /** The supplementary groups. */
  readonly groups: readonly number[];
}

/** What `access` is asked about, and answers: a set of these bits. */
export const accessBits = { read: 4, write: 2, execute: 1 } as const;

/** How a file is made where the name may be taken. */
export type CreateMode =
  /** A file that is there is taken, and only its size is set, if it is asked for. */
  | { readonly how: 'unchecked'; readonly attributes: AttributeChange }
  /** A name that is taken is `file-system/exists`. */
  | { readonly how: 'guarded'; readonly attributes: AttributeChange }
  /** As `guarded`, but a repeated call with the same eight bytes finds the file that the first one made. */
  | { readonly how: 'exclusive'; readonly verifier: Uint8Array };

/** A node that is neither a file, a directory nor a symlink. */
export type SpecialNode =
  | { readonly type: 'fifo' | 'socket' }
  | { readonly type: 'character-device' | 'block-device'; readonly device: Device };

/** One name of a directory's listing. */
export interface ListedName {
  /** Where the listing goes on behind this name. */
  readonly cookie: Cookie;
  readonly name: FileName | '.' | '..';
  readonly attributes: Attributes;
}

/** What was read: the bytes, in pieces that follow one another and must not be written to. */
export interface ReadResult {
  readonly pieces: readonly Uint8Array[];
  readonly length: number;
  /** True when the file ends with these bytes, or ended before. */
  readonly end: boolean;
  /** Gives the memory of the pieces back, for whoever can tell when they are not needed any more. Called once, or never. */
  readonly release?: (() => void) | undefined;
}

/** The room that there is, in bytes and in files. */
export interface Statistics {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly totalFiles: number;
  readonly freeFiles: number;
}

/**
 * A file system with the semantics of POSIX, for servers to serve.
 *
 * Calls answer at once. One that needs what is not in memory throws `NotResident`, having changed nothing: the caller
 * waits for its `ready` and calls again, from the beginning. Other failures are `FileSystemError`s, and have changed nothing either.
 *
 * Access is checked for the caller, as POSIX has it, with one rule of network file systems, which know no open files:
 * the owner of a file may read and write it whatever its mode says, for it may have been opened before the mode changed;
 * and so may the owner of a directory list it.
 *
 * Names are byte strings (`tree/path.ts`), checked here. `lookup` takes `.` and `..`; nothing else does.
 *
 * What a call changed is seen by the next call. It is safe from the death of this process once `flush` has returned, and
 * from the loss of power once `sync` has: `docs/durability.md`.
 */
export interface FileSystem {
  readonly mode: 'read-write' | 'read-only';
  readonly root: InodeNumber;
  /** Eight bytes that are others once something was lost that `sync` had not yet made safe. */
  readonly writeVerifier: Uint8Array;

  /** Throws `file-system/stale` for a file that is gone, as every call does. */
  attributes(inode: InodeNumber): Attributes;
  /**
   * Changes attributes, all or none; without any nothing changes, not even the time of change. With `guard` only if the file's time of change still is that one; otherwise
   * `file-system/not-in-step`.
   */
  setAttributes(caller: Caller, inode: InodeNumber, change: AttributeChange, guard?: Time): Attributes;
  /** Which of the `wanted` access bits the caller has. */
  access(caller: Caller, inode: InodeNumber, wanted: number): number;
  lookup(caller: Caller, directory: InodeNumber, name: string): Attributes;
  /** The target of a symlink, in bytes. */
  readLink(inode: InodeNumber): Uint8Array;
  /** Up to `count` bytes from `offset`: fewer only at the end of the file. */
  read(caller: Caller, inode: InodeNumber, offset: number, count: number): ReadResult;
  /** Writes all bytes of `pieces`, one behind the other, which it does not keep. Beyond the end there are zeros. */
  write(caller: Caller, inode: InodeNumber, offset: number, pieces: readonly Uint8Array[]): Attributes;
  create(caller: Caller, directory: InodeNumber, name: string, mode: CreateMode): Attributes;
  makeDirectory(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    attributes: AttributeChange,
  ): Attributes;
  makeSymlink(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    target: Uint8Array,
    attributes: AttributeChange,
  ): Attributes;
  makeSpecial(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    node: SpecialNode,
    attributes: AttributeChange,
  ): Attributes;
  /** Removes a name of anything but a directory. */
  remove(caller: Caller, directory: InodeNumber, name: string): void;
  removeDirectory(caller: Caller, directory: InodeNumber, name: string): void;
  rename(
    caller: Caller,
    fromDirectory: InodeNumber,
    fromName: string,
    toDirectory: InodeNumber,
    toName: string,
  ): void;
  /** Gives a file one name more. */
  link(caller: Caller, inode: InodeNumber, directory: InodeNumber, name: string): Attributes;
  /**
   * Hands the names behind `after` to `take`, `.` and `..` first, until `take` returns false (the name it was given then
   * has not been taken). Says whether the listing came to its end. A name that is there all the while is listed once.
   */
  list(
    caller: Caller,
    directory: InodeNumber,
    after: Cookie,
    take: (listed: ListedName) => boolean,
  ): 'end' | 'more';
  statistics(): Statistics;
  /**
   * Makes all that was done so far safe from the death of this process. Throws a `FileSystemError` when it can't; then
   * everything since the last `flush` is undone, and whoever was told of it must be told so.
   */
  flush(): void;
  /** Makes all that was done so far, to any file, safe from the loss of power. Flushes first. */
  sync(): Promise<void>;
}
