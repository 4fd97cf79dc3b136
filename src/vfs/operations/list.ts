import type { FileName } from '../../tree/path.ts';
import { requireAccess } from '../access.ts';
import { accessBits, type Caller, type Cookie, type InodeNumber, type ListedName } from '../file-system.ts';
import { type Inode, inodeOfRank } from '../inode.ts';
import { firstBaseCookie, type Volume } from '../volume.ts';
import { requireDirectory } from './names.ts';

/** How many of the overlay's names are asked for at once. */
const namesAtOnce = 256;

type Take = (listed: ListedName) => boolean;
type TakeName = (name: FileName, inode: Inode, cookie: Cookie) => boolean;

/** Lists `.` and `..`, then what shows through of the base tree by rank, then the overlay's names by cookie. */
export function list(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  after: Cookie,
  take: Take,
): 'end' | 'more' {
  const directory = requireDirectory(volume, number);
  requireAccess(caller, directory, accessBits.read);
  const isDone =
    listDots(volume, directory, after, take) &&
    listNames(volume, directory, after, (name, attributes, cookie) => take({ cookie, name, attributes }));
  return isDone ? 'end' : 'more';
}

/** As `list`, for everybody and without `.` and `..`. True when it came to the end. */
export function listNames(volume: Volume, directory: Inode, after: Cookie, take: TakeName): boolean {
  return listBase(volume, directory, after, take) && listOverlay(volume, directory, after, take);
}

function listDots(volume: Volume, directory: Inode, after: Cookie, take: Take): boolean {
  if (after < 1 && !take({ cookie: 1 as Cookie, name: '.', attributes: directory })) return false;
  if (after >= 2) return true;
  const parent = volume.inode(directory.parent as InodeNumber);
  return take({ cookie: 2 as Cookie, name: '..', attributes: parent });
}

function listBase(volume: Volume, directory: Inode, after: Cookie, take: TakeName): boolean {
  if (directory.origin === null || after >= volume.base.count + firstBaseCookie) return true;
  const from =
    after < firstBaseCookie ? volume.base.firstRankIn(directory.origin) : after - firstBaseCookie + 1;
  const changed = new ChangedInodes(volume);
  return volume.base.list(directory.origin, from, (rank, name, entry) => {
    if (directory.overlaid && volume.overlay.name(directory.inode, name) !== undefined) return true;
    const attributes = changed.has(inodeOfRank(rank))
      ? volume.inode(inodeOfRank(rank))
      : volume.fromEntry(rank, entry, directory.inode);
    return take(name, attributes, (rank + firstBaseCookie) as Cookie);
  });
}

function listOverlay(volume: Volume, directory: Inode, after: Cookie, take: TakeName): boolean {
  if (!directory.overlaid) return true;
  for (let at: number = after; ; ) {
    const names = volume.overlay.namesBehind(directory.inode, at, namesAtOnce);
    for (const { cookie, name, inode } of names) {
      at = cookie;
      if (inode === 0) continue;
      if (!take(name, volume.inode(inode), cookie)) return false;
    }
    if (names.length < namesAtOnce) return true;
  }
}

/** Which of the base tree's inodes have changed, asked for in ascending order. */
class ChangedInodes {
  readonly #volume: Volume;
  #changed: ReadonlySet<number> = new Set();
  #end = 0;

  constructor(volume: Volume) {
    this.#volume = volume;
  }

  has(inode: InodeNumber): boolean {
    if (inode >= this.#end) {
      this.#end = inode + namesAtOnce;
      this.#changed = this.#volume.overlay.inodesBetween(inode, this.#end - 1);
    }
    return this.#changed.has(inode);
  }
}
