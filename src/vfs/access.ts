import { type Attributes, accessBits, type Caller } from './file-system.ts';
import { fileSystemError } from './file-system-error.ts';
import { anyExecute, sticky } from './mode-bits.ts';

/** The access bits that the permissions give to the caller. The superuser has all, but executes only what is a program. */
export function accessOf(caller: Caller, inode: Attributes): number {
  if (caller.uid === 0) {
    const executable = inode.type === 'directory' || (inode.mode & anyExecute) !== 0;
    return accessBits.read | accessBits.write | (executable ? accessBits.execute : 0);
  }
  if (caller.uid === inode.uid) return (inode.mode >> 6) & 7;
  return isInGroup(caller, inode.gid) ? (inode.mode >> 3) & 7 : inode.mode & 7;
}

export function isInGroup(caller: Caller, gid: number): boolean {
  return caller.gid === gid || caller.groups.includes(gid);
}

export function isOwner(caller: Caller, inode: Attributes): boolean {
  return caller.uid === 0 || caller.uid === inode.uid;
}

/** Throws `file-system/denied` unless the caller has all of `bits`. */
export function requireAccess(caller: Caller, inode: Attributes, bits: number): void {
  if ((accessOf(caller, inode) & bits) !== bits) throw fileSystemError('file-system/denied');
}

/** As `requireAccess`, for content: the owner may always, for the file may have been opened before its mode changed. */
export function requireContentAccess(
  caller: Caller,
  inode: Attributes,
  wanted: 'write' | 'read or execute',
): void {
  if (caller.uid === inode.uid || caller.uid === 0) return;
  const bits = wanted === 'write' ? accessBits.write : accessBits.read | accessBits.execute;
  if ((accessOf(caller, inode) & bits) === 0) throw fileSystemError('file-system/denied');
}

/** Throws `file-system/not-permitted` for who is neither the owner nor the superuser. */
export function requireOwner(caller: Caller, inode: Attributes): void {
  if (!isOwner(caller, inode)) throw fileSystemError('file-system/not-permitted');
}

/** Throws unless the caller may take `victim`'s name away from `directory`. */
export function requireRemoval(caller: Caller, directory: Attributes, victim: Attributes): void {
  requireAccess(caller, directory, accessBits.write | accessBits.execute);
  const isRestricted = (directory.mode & sticky) !== 0;
  if (isRestricted && caller.uid !== directory.uid) requireOwner(caller, victim);
}
