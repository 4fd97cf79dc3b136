import { createHash } from 'node:crypto';
import type { Hash } from '../base/hash.ts';
import { accessOf } from './access.ts';
import type { ContentCache } from './content-cache.ts';
import { accessBits, type FileSystem, type Statistics } from './file-system.ts';
import { fileSystemError } from './file-system-error.ts';
import { type BaseOwner, rootInode } from './inode.ts';
import { read } from './operations/content.ts';
import { list } from './operations/list.ts';
import { lookup, readLink } from './operations/lookup.ts';
import { TimeSource } from './time-source.ts';
import { Volume } from './volume.ts';

export interface TreeFileSystemOptions {
  readonly content: ContentCache;
  readonly tree: Hash;
  readonly owner: BaseOwner;
}

/** A tree as a file system that can only be read: the same for everybody, for ever. */
export async function openTreeFileSystem({
  content,
  tree,
  owner,
}: TreeFileSystemOptions): Promise<FileSystem> {
  // No time is ever told: nothing changes.
  const time = new TimeSource({ now: () => 0 });
  const volume = await Volume.open({ content, tree, owner, time, directory: undefined });
  const statistics: Statistics = { totalBytes: 0, freeBytes: 0, totalFiles: volume.base.count, freeFiles: 0 };
  return {
    mode: 'read-only',
    root: rootInode,
    writeVerifier: createHash('sha256').update(tree).digest().subarray(0, 8),
    attributes: (inode) => volume.inode(inode),
    setAttributes: refuse,
    access: (caller, inode, wanted) => accessOf(caller, volume.inode(inode)) & wanted & ~accessBits.write,
    lookup: (caller, directory, name) => lookup(volume, caller, directory, name),
    readLink: (inode) => readLink(volume, inode),
    read: (caller, inode, offset, count) => read(volume, caller, inode, offset, count),
    write: refuse,
    create: refuse,
    makeDirectory: refuse,
    makeSymlink: refuse,
    makeSpecial: refuse,
    remove: refuse,
    removeDirectory: refuse,
    rename: refuse,
    link: refuse,
    list: (caller, directory, after, take) => list(volume, caller, directory, after, take),
    statistics: () => statistics,
    flush: () => {},
    sync: async () => {},
  };
}

function refuse(): never {
  throw fileSystemError('file-system/read-only');
}
