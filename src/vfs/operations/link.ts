import { requireAccess } from '../access.ts';
import { type Attributes, accessBits, type Caller, type InodeNumber } from '../file-system.ts';
import { fileSystemError } from '../file-system-error.ts';
import { linksMax } from '../limits.ts';
import type { Volume } from '../volume.ts';
import { isDot, requireFileName, requireSearch, touched } from './names.ts';

export function link(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  into: InodeNumber,
  name: string,
): Attributes {
  const inode = volume.inode(number);
  const parent = requireSearch(volume, caller, into);
  if (isDot(name)) throw fileSystemError('file-system/exists');
  requireFileName(name);
  if (volume.find(parent, name) !== undefined) throw fileSystemError('file-system/exists');
  requireAccess(caller, parent, accessBits.write);
  if (inode.type === 'directory') throw fileSystemError('file-system/not-permitted');
  if (inode.links >= linksMax) throw fileSystemError('file-system/too-many-links');
  volume.overlay.requireRoom();
  const directory = volume.overlaid(parent);
  const place = volume.placeOf(directory, name);
  volume.changed.add(directory.inode);
  volume.setName(place, inode.inode);
  touched(volume, directory);
  return volume.put({ ...inode, links: inode.links + 1, parent: 0, changed: volume.time.now() });
}
