import { requireRemoval } from '../access.ts';
import type { Caller, InodeNumber } from '../file-system.ts';
import { fileSystemError } from '../file-system-error.ts';
import type { Inode } from '../inode.ts';
import type { Volume } from '../volume.ts';
import { isDot, requireFileName, requireName, requireSearch, touched } from './names.ts';

export function removeFile(volume: Volume, caller: Caller, number: InodeNumber, name: string): void {
  const parent = requireSearch(volume, caller, number);
  if (isDot(name)) throw fileSystemError('file-system/is-a-directory');
  requireFileName(name);
  const victim = requireName(volume, parent, name);
  requireRemoval(caller, parent, victim);
  if (victim.type === 'directory') throw fileSystemError('file-system/is-a-directory');
  const directory = volume.overlaid(parent);
  const place = volume.placeOf(directory, name);
  volume.changed.add(directory.inode);
  volume.clearName(place);
  dropLink(volume, victim);
  touched(volume, directory);
}

export function removeDirectory(volume: Volume, caller: Caller, number: InodeNumber, name: string): void {
  const parent = requireSearch(volume, caller, number);
  if (name === '.') throw fileSystemError('file-system/invalid');
  if (name === '..') throw fileSystemError('file-system/not-empty');
  requireFileName(name);
  const victim = requireName(volume, parent, name);
  requireRemoval(caller, parent, victim);
  requireEmptyDirectory(volume, victim);
  const directory = volume.overlaid(parent);
  const place = volume.placeOf(directory, name);
  volume.changed.add(directory.inode);
  volume.clearName(place);
  dropDirectory(volume, victim);
  touched(volume, directory, directory.links - 1);
}

export function requireEmptyDirectory(volume: Volume, inode: Inode): void {
  if (inode.type !== 'directory') throw fileSystemError('file-system/not-a-directory');
  if (!volume.isEmpty(inode)) throw fileSystemError('file-system/not-empty');
}

/** Forgets an empty directory that has lost its name. */
export function dropDirectory(volume: Volume, directory: Inode): void {
  if (directory.overlaid) volume.overlay.removeNames(directory.inode);
  volume.forget(directory);
}

/** Takes one name away from a file; with the last one it is gone. */
export function dropLink(volume: Volume, inode: Inode): void {
  if (inode.links === 1) {
    volume.data.remove(inode);
    volume.forget(inode);
  } else {
    volume.put({ ...inode, links: inode.links - 1, parent: 0, changed: volume.time.now() });
  }
}
