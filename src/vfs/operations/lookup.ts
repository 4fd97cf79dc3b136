import type { Attributes, Caller, InodeNumber } from '../file-system.ts';
import { fileSystemError } from '../file-system-error.ts';
import { symlinkBytesMax } from '../limits.ts';
import type { Volume } from '../volume.ts';
import { requireFileName, requireName, requireSearch } from './names.ts';

export function lookup(volume: Volume, caller: Caller, number: InodeNumber, name: string): Attributes {
  const directory = requireSearch(volume, caller, number);
  if (name === '.') return directory;
  // Only a directory is asked for its parent, and a directory has one name.
  if (name === '..') return volume.inode(directory.parent as InodeNumber);
  requireFileName(name);
  return requireName(volume, directory, name);
}

export function readLink(volume: Volume, number: InodeNumber): Uint8Array {
  const inode = volume.inode(number);
  if (inode.type !== 'symlink') throw fileSystemError('file-system/invalid');
  const { pieces } = volume.data.read(inode, 0, symlinkBytesMax);
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}
