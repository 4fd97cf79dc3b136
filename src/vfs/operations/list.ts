import type { FileName } from '../../tree/path.ts';
import { isOwner, requireAccess } from '../access.ts';
import { accessBits, type Caller, type Cookie, type InodeNumber, type ListedName } from '../file-system.ts';
import { type Inode, inodeOfRank } from '../inode.ts';
import type { OverlayName } from '../overlay.ts';
import { cookieOfRank, firstBaseCookie, type Volume } from '../volume.ts';
import { requireDirectory } from './names.ts';

/** How many of the overlay's names are asked for at once. */
const namesAtOnce = 256;

type Take = (listed: ListedName) => boolean;
type TakeName = (name: FileName, inode: Inode, cookie: Cookie) => boolean;

/** Lists `.` and `..`, then the base tree's names by rank, then those that only the overlay has by cookie. */
export function list(
  volume: Volume,
  caller: Caller,
  number: InodeNumber,
  after: Cookie,
  take: Take,
): 'end' | 'more' {
  const directory = requireDirectory(volume, number);
  // Its owner may have opened it before its mode changed.
  if (!isOwner(caller, directory)) requireAccess(caller, directory, accessBits.read);
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

/** The base tree's names by rank: those that show through, and those that the overlay has given to other files. */
function listBase(volume: Volume, directory: Inode, after: Cookie, take: TakeName): boolean {
  if (directory.origin === null || after >= cookieOfRank(volume.base.count)) return true;
  // A client may ask for any place: before the directory's own names lie those of other directories.
  const from = Math.max(volume.base.firstRankIn(directory.origin), after - firstBaseCookie + 1);
  const changed = new ChangedInodes(volume);
  const covering = new CoveringNames(volume, directory);
  return volume.base.list(directory.origin, from, (rank, name, entry) => {
    const cookie = cookieOfRank(rank);
    const own = covering.at(cookie);
    if (own !== undefined) return own.inode === 0 || take(name, volume.inode(own.inode), cookie);
    const attributes = changed.has(inodeOfRank(rank))
      ? volume.inode(inodeOfRank(rank))
      : volume.fromEntry(rank, entry, directory.inode);
    return take(name, attributes, cookie);
  });
}

/** The names that only the overlay has. */
function listOverlay(volume: Volume, directory: Inode, after: Cookie, take: TakeName): boolean {
  if (!directory.overlaid) return true;
  for (let at = Math.max(after, cookieOfRank(volume.base.count) - 1) as Cookie; ; ) {
    const names = volume.overlay.namesBehind(directory.inode, at, namesAtOnce);
    for (const { cookie, name, inode } of names) {
      at = cookie;
      if (inode !== 0 && !take(name, volume.inode(inode), cookie)) return false;
    }
    if (names.length < namesAtOnce) return true;
  }
}

/** The overlay's names for names that the base tree has too, asked for in ascending order. */
class CoveringNames {
  readonly #volume: Volume;
  readonly #directory: InodeNumber;
  #names: readonly OverlayName[] = [];
  #index = 0;
  #hasMore: boolean;

  constructor(volume: Volume, { inode, overlaid }: Inode) {
    this.#volume = volume;
    this.#directory = inode;
    this.#hasMore = overlaid;
  }

  at(cookie: Cookie): OverlayName | undefined {
    while (this.#index < this.#names.length && this.#names[this.#index]!.cookie < cookie) this.#index++;
    if (this.#index === this.#names.length && this.#hasMore) {
      this.#names = this.#volume.overlay.namesBehind(this.#directory, cookie - 1, namesAtOnce);
      this.#index = 0;
      this.#hasMore = this.#names.length === namesAtOnce;
    }
    const name = this.#names[this.#index];
    return name?.cookie === cookie ? name : undefined;
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
