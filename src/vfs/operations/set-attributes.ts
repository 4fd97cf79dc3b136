import { accessOf, isInGroup, isOwner, requireContentAccess, requireOwner } from '../access.ts';
import {
  type AttributeChange,
  type Attributes,
  accessBits,
  type Caller,
  type InodeNumber,
  type Time,
  type TimeChange,
} from '../file-system.ts';
import { fileSystemError } from '../file-system-error.ts';
import type { Inode } from '../inode.ts';
import { fileBytesMax } from '../limits.ts';
import { groupExecute, modeBits, setGroupId, setUserId } from '../mode-bits.ts';
import { sameTime } from '../time-source.ts';
import type { Volume } from '../volume.ts';

export function setAttributes(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  change: AttributeChange,
  guard: Time | undefined,
): Attributes {
  const inode = volume.inode(number);
  if (guard !== undefined && !sameTime(guard, inode.changed))
    throw fileSystemError('file-system/not-in-step');
  if (Object.keys(change).length === 0) return inode;
  requireRight(caller, inode, change);
  volume.changed.add(inode.parent);
  const now = volume.time.now();
  const content = change.size === undefined ? {} : volume.data.truncate(inode, change.size);
  const mode = newMode(caller, inode, change);
  return volume.put({
    ...inode,
    ...content,
    mode,
    uid: change.uid ?? inode.uid,
    gid: change.gid ?? inode.gid,
    accessed: newTime(change.accessed, inode.accessed, now),
    modified: newTime(change.modified, change.size === undefined ? inode.modified : now, now),
    changed: now,
  });
}

/** Throws unless the caller may make all of the change. */
function requireRight(caller: Caller, inode: Inode, change: AttributeChange): void {
  if (change.mode !== undefined) requireOwner(caller, inode);
  if (change.uid !== undefined || change.gid !== undefined) requireOwnershipRight(caller, inode, change);
  requireTimeRight(caller, inode, change);
  if (change.size !== undefined) requireSizeRight(caller, inode, change.size);
}

/** Only the superuser gives a file away; its owner may give it to a group of theirs. */
function requireOwnershipRight(
  caller: Caller,
  inode: Inode,
  { uid = inode.uid, gid = inode.gid }: AttributeChange,
): void {
  if (caller.uid === 0) return;
  const isAllowed =
    caller.uid === inode.uid && uid === inode.uid && (gid === inode.gid || isInGroup(caller, gid));
  if (!isAllowed) throw fileSystemError('file-system/not-permitted');
}

/**
 * Who may write may set both times to now, or that of modification, as opening a file to cut it off does. Anything else
 * is the owner's.
 */
function requireTimeRight(caller: Caller, inode: Inode, { accessed, modified }: AttributeChange): void {
  if ((accessed === undefined && modified === undefined) || isOwner(caller, inode)) return;
  if (modified !== 'now' || (accessed ?? 'now') !== 'now') throw fileSystemError('file-system/not-permitted');
  if ((accessOf(caller, inode) & accessBits.write) === 0) throw fileSystemError('file-system/denied');
}

function requireSizeRight(caller: Caller, inode: Inode, size: number): void {
  if (inode.type === 'directory') throw fileSystemError('file-system/is-a-directory');
  if (inode.type !== 'file') throw fileSystemError('file-system/invalid');
  requireContentAccess(caller, inode, 'write');
  if (size > fileBytesMax) throw fileSystemError('file-system/file-too-large');
}

/**
 * The mode behind the change. A file that changes its owner, or whose content somebody else changes, does not keep the
 * right to act for its user or group; and only members of a file's group may let it act for that.
 */
function newMode(caller: Caller, inode: Inode, change: AttributeChange): number {
  let mode = change.mode === undefined ? inode.mode : change.mode & modeBits;
  const givesAway = change.uid !== undefined || change.gid !== undefined;
  if ((givesAway && inode.type !== 'directory') || (change.size !== undefined && caller.uid !== 0)) {
    mode = withoutPrivileges(mode, caller, inode.gid);
  }
  if (change.mode !== undefined && caller.uid !== 0 && !isInGroup(caller, change.gid ?? inode.gid)) {
    mode &= ~setGroupId;
  }
  return mode;
}

/**
 * `mode` of a file that no longer acts for its user, nor for its group where that could execute it, or where the caller
 * is not one of the group.
 */
export function withoutPrivileges(mode: number, caller: Caller, gid: number): number {
  const withoutUser = mode & ~setUserId;
  const keepsGroup = (mode & groupExecute) === 0 && (caller.uid === 0 || isInGroup(caller, gid));
  return keepsGroup ? withoutUser : withoutUser & ~setGroupId;
}

function newTime(change: TimeChange | undefined, before: Time, now: Time): Time {
  if (change === undefined) return before;
  return change === 'now' ? now : change;
}
