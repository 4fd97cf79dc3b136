import { type FileName, nameBytesMax } from '../../tree/path.ts';
import { requireAccess } from '../access.ts';
import { accessBits, type Caller, type InodeNumber } from '../file-system.ts';
import { fileSystemError } from '../file-system-error.ts';
import type { Inode } from '../inode.ts';
import type { Volume } from '../volume.ts';

/** The inode of a directory; throws for anything else. */
export function requireDirectory(volume: Volume, number: InodeNumber): Inode {
  const inode = volume.inode(number);
  if (inode.type !== 'directory') throw fileSystemError('file-system/not-a-directory');
  return inode;
}

/** A directory in which the caller may look names up. */
export function requireSearch(volume: Volume, caller: Caller, number: InodeNumber): Inode {
  const directory = requireDirectory(volume, number);
  requireAccess(caller, directory, accessBits.execute);
  return directory;
}

/** What `name` stands for; throws `file-system/not-found`. */
export function requireName(volume: Volume, directory: Inode, name: string): Inode {
  const found = volume.find(directory, name);
  if (found === undefined) throw fileSystemError('file-system/not-found');
  return volume.inode(found);
}

/** Throws for a name that no file can have or lose. `.` and `..` are the caller's affair. */
export function requireFileName(name: string): asserts name is FileName {
  if (name.length === 0 || /[/\0]/.test(name)) throw fileSystemError('file-system/invalid');
  if (name.length > nameBytesMax) throw fileSystemError('file-system/name-too-long');
}

export function isDot(name: string): boolean {
  return name === '.' || name === '..';
}

/** A directory that gets or loses a name: with its times and, where given, its links changed. */
export function touched(volume: Volume, directory: Inode, links = directory.links): Inode {
  const now = volume.time.now();
  return volume.put({ ...directory, links, modified: now, changed: now });
}
