import type { Hash } from '../base/hash.ts';
import type { FileContent } from '../blob/file.ts';
import { directoryMode, type Entry } from '../tree/entry.ts';
import type { TreePath } from '../tree/path.ts';
import type { Attributes, Device, InodeNumber, Time } from './file-system.ts';

/** Where the bytes of a file or symlink are. */
export type Content =
  /** Not a file or symlink. */
  | { readonly kind: 'none' }
  /** All in the store, as one object or manifest. */
  | { readonly kind: 'object'; readonly object: FileContent }
  /** All in the overlay's database. `recorded` names the same bytes in the store, where they have been put there. */
  | { readonly kind: 'inline'; readonly recorded: Hash | null }
  /** In a spool file: all of them, or, where there is a `layer`, only the ranges that were written (`Extents`). */
  | {
      readonly kind: 'spool';
      readonly file: SpoolFile;
      readonly recorded: Hash | null;
      readonly layer: Layer | null;
    };

/** Names a spool file. Never used again, so that what a transaction drops is still there when it is undone. */
export type SpoolFile = number & { readonly SpoolFile: unique symbol };

/** What shows where a spool file was not written: the first `visible` bytes of an object in the store, then zeros. */
export interface Layer {
  readonly object: FileContent | null;
  readonly visible: number;
}

/** A file of a session's file system. A value: changing the file makes a new one. */
export interface Inode extends Attributes {
  readonly content: Content;
  /** The directory that it has a name in; 0 where that is not known, because it had several. */
  readonly parent: InodeNumber | 0;
  /** A directory: the path of the base tree's directory whose entries show through; null where none do. */
  readonly origin: TreePath | null;
  /** A directory: whether the overlay has names for it, and its links are counted. */
  readonly overlaid: boolean;
}

export const rootInode = 1 as InodeNumber;
/** The inode of the base tree's first entry; the others follow by rank. */
export const firstBaseInode = 2;

export function inodeOfRank(rank: number): InodeNumber {
  return (firstBaseInode + rank) as InodeNumber;
}

/** The rank of a base inode; −1 for the root. */
export function rankOfInode(inode: InodeNumber): number {
  return inode - firstBaseInode;
}

export const noContent: Content = { kind: 'none' };
export const noDevice: Device = { major: 0, minor: 0 };

/** To whom the files of the base tree belong, and how old they are: a tree knows neither. */
export interface BaseOwner {
  readonly uid: number;
  readonly gid: number;
  readonly time: Time;
}

/** The file that an entry of the base tree is while nobody has changed it. `origin` is its path, for a directory. */
export function inodeOfEntry(
  number: InodeNumber,
  entry: Entry,
  parent: InodeNumber,
  origin: () => TreePath | null,
  { uid, gid, time }: BaseOwner,
): Inode {
  const isDirectory = entry.type === 'directory' || entry.type === 'gitlink';
  const size = entry.type === 'file' || entry.type === 'symlink' ? entry.size : directoryBytes;
  return {
    inode: number,
    type: entry.type === 'gitlink' ? 'directory' : entry.type,
    mode: modeOf(entry),
    links: 1,
    uid,
    gid,
    size,
    used: blocksOf(size),
    device: noDevice,
    accessed: time,
    modified: time,
    changed: time,
    content: 'hash' in entry ? { kind: 'object', object: entry } : noContent,
    parent,
    origin: isDirectory ? origin() : null,
    overlaid: false,
  };
}

function modeOf(entry: Entry): number {
  if (entry.type === 'symlink') return 0o777;
  return entry.type === 'gitlink' ? directoryMode : entry.mode;
}

/** What a directory is said to take on a disk, and its size. */
export const directoryBytes = 4096;

/** `bytes` as they are counted on a disk. */
export function blocksOf(bytes: number): number {
  return Math.ceil(bytes / 512) * 512;
}
