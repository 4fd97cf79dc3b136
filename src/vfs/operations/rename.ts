import { requireAccess, requireRemoval } from '../access.ts';
import { accessBits, type Caller, type InodeNumber } from '../file-system.ts';
import { fileSystemError } from '../file-system-error.ts';
import { type Inode, rootInode } from '../inode.ts';
import type { Volume } from '../volume.ts';
import { isDot, requireFileName, requireName, requireSearch, touched } from './names.ts';
import { dropDirectory, dropLink, requireEmptyDirectory } from './remove.ts';

export function rename(
  volume: Volume,
  caller: Caller,
  from: InodeNumber,
  fromName: string,
  to: InodeNumber,
  toName: string,
): void {
  const source = requireSearch(volume, caller, from);
  const target = requireSearch(volume, caller, to);
  if (isDot(fromName) || isDot(toName)) throw fileSystemError('file-system/invalid');
  requireFileName(fromName);
  const moved = requireName(volume, source, fromName);
  requireFileName(toName);
  requireNotInside(volume, moved, target);
  const found = volume.find(target, toName);
  const replaced = found === undefined ? undefined : volume.inode(found);
  // Two names of one file: POSIX says that nothing happens.
  if (replaced?.inode === moved.inode) return;
  requireRemoval(caller, source, moved);
  if (replaced === undefined) requireAccess(caller, target, accessBits.write);
  else requireRemoval(caller, target, replaced);
  requireReplaceable(moved, replaced);
  const changesParent = source.inode !== target.inode;
  // Its ".." is a name in it that changes.
  if (changesParent && moved.type === 'directory') requireAccess(caller, moved, accessBits.write);
  if (replaced?.type === 'directory') requireEmptyDirectory(volume, replaced);
  move(volume, moved, replaced, { source, fromName, target, toName });
}

interface Places {
  readonly source: Inode;
  readonly fromName: string;
  readonly target: Inode;
  readonly toName: string;
}

function move(volume: Volume, moved: Inode, replaced: Inode | undefined, places: Places): void {
  const { fromName, toName } = places;
  requireFileName(toName);
  const source = volume.overlaid(places.source);
  const isWithin = places.source.inode === places.target.inode;
  const target = isWithin ? source : volume.overlaid(places.target);
  const isDirectory = moved.type === 'directory';
  const gained = isDirectory && !isWithin ? 1 : 0;
  const lost = replaced?.type === 'directory' ? 1 : 0;

  const fromPlace = volume.placeOf(source, fromName);
  const toPlace = volume.placeOf(target, toName);
  volume.changed.add(source.inode);
  volume.changed.add(target.inode);
  if (isDirectory) volume.changed.addWhole(moved.inode);
  volume.clearName(fromPlace);
  volume.setName(toPlace, moved.inode);
  if (replaced?.type === 'directory') dropDirectory(volume, replaced);
  else if (replaced !== undefined) dropLink(volume, replaced);
  if (!isWithin) touched(volume, source, source.links - gained);
  touched(volume, target, target.links + gained - lost);
  const parent = moved.parent === 0 ? 0 : target.inode;
  volume.put({ ...moved, parent, changed: volume.time.now() });
}

/** A directory cannot be moved into itself or below. */
function requireNotInside(volume: Volume, moved: Inode, target: Inode): void {
  if (moved.type !== 'directory') return;
  for (let at = target; ; at = volume.inode(at.parent as InodeNumber)) {
    if (at.inode === moved.inode) throw fileSystemError('file-system/invalid');
    if (at.inode === rootInode) return;
  }
}

/** A directory replaces a directory, and anything else anything else. */
function requireReplaceable(moved: Inode, replaced: Inode | undefined): void {
  if (replaced === undefined || (moved.type === 'directory') === (replaced.type === 'directory')) return;
  throw fileSystemError(
    moved.type === 'directory' ? 'file-system/not-a-directory' : 'file-system/is-a-directory',
  );
}
