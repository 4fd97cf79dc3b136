import { requireContentAccess } from '../access.ts';
import type { Attributes, Caller, InodeNumber, ReadResult } from '../file-system.ts';
import { fileSystemError } from '../file-system-error.ts';
import type { Inode } from '../inode.ts';
import type { Volume } from '../volume.ts';
import { withoutPrivileges } from './set-attributes.ts';

export function read(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  offset: number,
  count: number,
): ReadResult {
  const inode = requireFile(volume, number);
  // Who may execute a program may read it: a client has to load it.
  requireContentAccess(caller, inode, 'read or execute');
  return volume.data.read(inode, offset, count);
}

export function write(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  offset: number,
  pieces: readonly Uint8Array[],
): Attributes {
  const inode = requireFile(volume, number);
  requireContentAccess(caller, inode, 'write');
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length === 0) return inode;
  volume.overlay.requireRoom();
  volume.changed.add(inode.parent);
  const content = volume.data.write(inode, offset, pieces, length);
  const now = volume.time.now();
  const mode = caller.uid === 0 ? inode.mode : withoutPrivileges(inode.mode, caller, inode.gid);
  return volume.put({ ...inode, ...content, mode, modified: now, changed: now });
}

function requireFile(volume: Volume, number: InodeNumber): Inode {
  const inode = volume.inode(number);
  if (inode.type === 'directory') throw fileSystemError('file-system/is-a-directory');
  if (inode.type !== 'file') throw fileSystemError('file-system/invalid');
  return inode;
}
