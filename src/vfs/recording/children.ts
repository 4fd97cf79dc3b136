import type { FileName } from '../../tree/path.ts';
import { type Cookie, listingStart } from '../file-system.ts';
import type { Inode } from '../inode.ts';
import { listNames } from '../operations/list.ts';
import { resident } from '../resident.ts';
import type { Volume } from '../volume.ts';

/** A name in a directory, and the file that it stands for. */
export interface Child {
  readonly name: FileName;
  readonly inode: Inode;
}

/** The names in `directory`, without `.` and `..`, as they are at one moment. */
export function childrenOf(volume: Volume, directory: Inode): Promise<Child[]> {
  return resident(() => {
    const children: Child[] = [];
    // Begins behind the dots. Again from the beginning where something had to be fetched.
    listNames(volume, directory, afterDots, (name, inode) => {
      children.push({ name, inode });
      return true;
    });
    return children;
  });
}

const afterDots = (listingStart + 2) as Cookie;
