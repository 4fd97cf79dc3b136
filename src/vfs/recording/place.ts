import type { Entry } from '../../tree/entry.ts';
import type { FileName } from '../../tree/path.ts';
import type { InodeNumber } from '../file-system.ts';
import { type Inode, inodeOfEntry } from '../inode.ts';
import { touched } from '../operations/names.ts';
import type { Volume } from '../volume.ts';

/**
 * Makes what an entry of a tree says, under a free name: a file's content stays in the store until somebody changes it.
 * Asks for nobody's permission.
 */
export function placeEntry(volume: Volume, parent: InodeNumber, name: FileName, entry: Entry): Inode {
  const directory = volume.overlaid(volume.inode(parent));
  volume.changed.add(parent);
  const place = volume.placeOf(directory, name);
  const time = volume.time.now();
  const number = volume.overlay.newInode();
  const placed = inodeOfEntry(number, entry, parent, () => null, { ...volume.owner, time });
  const isDirectory = placed.type === 'directory';
  volume.setName(place, number);
  touched(volume, directory, isDirectory ? directory.links + 1 : directory.links);
  const inode = volume.put(isDirectory ? { ...placed, links: 2, overlaid: true } : placed);
  if (isDirectory) volume.changed.add(number);
  return inode;
}

/** Gives a directory other permissions. */
export function placeMode(volume: Volume, number: InodeNumber, mode: number): void {
  const inode = volume.inode(number);
  volume.changed.add(inode.parent);
  volume.put({ ...inode, mode, changed: volume.time.now() });
}
