import type { Hash } from '../base/hash.ts';
import { type FileName, rootPath, type TreePath } from '../tree/path.ts';
import { BaseTree } from './base-tree.ts';
import { ChangedDirectories } from './changed-directories.ts';
import type { ContentCache } from './content-cache.ts';
import { FileData } from './file-data.ts';
import type { Attributes, Cookie, InodeNumber } from './file-system.ts';
import { fileSystemError } from './file-system-error.ts';
import { GenerationCache } from './generation-cache.ts';
import {
  type BaseOwner,
  type Inode,
  inodeOfEntry,
  inodeOfRank,
  noContent,
  rankOfInode,
  rootInode,
} from './inode.ts';
import { Overlay } from './overlay.ts';
import { Spool } from './spool.ts';
import type { TimeSource } from './time-source.ts';

const inodesInMemoryMax = 4096;
/** Cookies of the base tree's names follow those of `.` and `..`; those of the overlay's other names follow them. */
export const firstBaseCookie = 3;

export function cookieOfRank(rank: number): Cookie {
  return (firstBaseCookie + rank) as Cookie;
}

/** Where a name of an overlaid directory is written down. */
export interface NamePlace {
  readonly directory: InodeNumber;
  readonly name: string;
  /** Where the base tree's name is listed, for one that the base tree has too. */
  readonly baseCookie: Cookie | undefined;
}

export interface VolumeOptions {
  readonly content: ContentCache;
  readonly tree: Hash;
  readonly owner: BaseOwner;
  readonly time: TimeSource;
  /** The directory of the overlay, absolute; undefined where nothing shall change. */
  readonly directory: string | undefined;
}

/** One session's inodes and names: those of the base tree, with the overlay's in front of them. */
export class Volume {
  readonly content: ContentCache;
  readonly base: BaseTree;
  readonly overlay: Overlay;
  readonly data: FileData;
  readonly spool: Spool;
  readonly time: TimeSource;
  readonly changed: ChangedDirectories;
  /** To whom the files of the base tree belong. */
  readonly owner: BaseOwner;
  readonly #inodes = new GenerationCache<InodeNumber, Inode>(inodesInMemoryMax);

  private constructor(base: BaseTree, { content, owner, time, directory }: VolumeOptions) {
    this.content = content;
    this.base = base;
    this.time = time;
    this.owner = owner;
    this.overlay = new Overlay(directory, base.count + firstBaseCookie);
    this.overlay.onUndo(() => this.#inodes.clear());
    this.spool = new Spool(directory ?? '');
    this.data = new FileData(content, this.overlay, this.spool);
    const known = this.overlay.isEmpty ? 'all' : 'not all';
    this.changed = new ChangedDirectories(known, (below) => this.inode(below).parent);
  }

  static async open(options: VolumeOptions): Promise<Volume> {
    return new Volume(await BaseTree.open(options.content.nodes, options.tree), options);
  }

  /** Throws `file-system/stale` for one that is gone or never was. */
  inode(number: InodeNumber): Inode {
    const cached = this.#inodes.get(number);
    const found =
      cached ?? this.overlay.inode(number, (base) => this.#originOf(base)) ?? this.#baseInode(number);
    if (found === undefined || found.links === 0) throw fileSystemError('file-system/stale');
    if (cached === undefined) this.#inodes.set(number, found);
    return found;
  }

  /** Writes an inode down. */
  put(inode: Inode): Inode {
    this.overlay.putInode(inode);
    this.#inodes.set(inode.inode, inode);
    return inode;
  }

  /** Forgets an inode that has no name any more. One of the base tree is remembered as gone. */
  forget(inode: Inode): void {
    if (this.isBase(inode.inode)) this.overlay.putInode({ ...inode, links: 0, content: noContent });
    else this.overlay.removeInode(inode.inode);
    this.#inodes.delete(inode.inode);
  }

  isBase(number: InodeNumber): boolean {
    return rankOfInode(number) < this.base.count;
  }

  /** What `name` stands for in `directory`; undefined when it is free. */
  find(directory: Inode, name: string): InodeNumber | undefined {
    if (directory.overlaid) {
      const own = this.overlay.name(directory.inode, name);
      if (own !== undefined) return own.inode === 0 ? undefined : own.inode;
    }
    const rank = this.#rankInBase(directory, name);
    return rank === undefined ? undefined : inodeOfRank(rank);
  }

  /** The rank of the base tree's entry `name` in `directory`, hidden or not. */
  #rankInBase({ origin }: Inode, name: string): number | undefined {
    return origin === null ? undefined : this.base.find(origin, name)?.rank;
  }

  /** Where to write down what becomes of a name: asked for before anything is changed. */
  placeOf(directory: Inode, name: string): NamePlace {
    const rank = this.#rankInBase(directory, name);
    const baseCookie = rank === undefined ? undefined : cookieOfRank(rank);
    return { directory: directory.inode, name, baseCookie };
  }

  /** Gives a free or taken name to `inode`. A name that is taken keeps its place in the listing. */
  setName({ directory, name, baseCookie }: NamePlace, inode: InodeNumber): void {
    this.overlay.putName(directory, name, inode, baseCookie);
  }

  /** Takes a name away. */
  clearName({ directory, name, baseCookie }: NamePlace): void {
    if (baseCookie === undefined) this.overlay.removeName(directory, name);
    else this.overlay.hideName(directory, name, baseCookie);
  }

  /** `directory` with its links counted, ready for names of its own. Not written down. */
  overlaid(directory: Inode): Inode {
    if (directory.overlaid) return directory;
    let links = 2;
    this.#listBase(directory, (_, entryType) => {
      if (entryType === 'directory') links++;
      return true;
    });
    return { ...directory, links, overlaid: true };
  }

  /** Whether a directory has no names. */
  isEmpty(directory: Inode): boolean {
    if (!directory.overlaid) return this.#listBase(directory, () => false);
    const names = this.overlay.allNames(directory.inode);
    if (names.some(({ inode }) => inode !== 0)) return false;
    const hidden = new Set(names.map(({ name }) => name));
    return this.#listBase(directory, (name) => hidden.has(name));
  }

  /** The base tree's entry as the inode that it is while it has no row. */
  fromEntry(rank: number, entry: Parameters<typeof inodeOfEntry>[1], directory: InodeNumber): Inode {
    return inodeOfEntry(inodeOfRank(rank), entry, directory, () => this.base.at(rank).path, this.owner);
  }

  #listBase(
    directory: Inode,
    take: (name: FileName, type: Attributes['type'] | 'gitlink') => boolean,
  ): boolean {
    if (directory.origin === null) return true;
    const first = this.base.firstRankIn(directory.origin);
    return this.base.list(directory.origin, first, (_, name, { type }) =>
      take(name, type === 'gitlink' ? 'directory' : type),
    );
  }

  #baseInode(number: InodeNumber): Inode | undefined {
    if (number === rootInode) return this.#rootInode();
    const rank = rankOfInode(number);
    if (!Number.isSafeInteger(rank) || rank < 0 || rank >= this.base.count) return undefined;
    const { path, entry } = this.base.at(rank);
    const slash = path.lastIndexOf('/');
    const parentPath = (slash < 0 ? '' : path.slice(0, slash)) as TreePath;
    const parent = inodeOfRank(this.base.rankOfDirectory(parentPath));
    return inodeOfEntry(number, entry, parent, () => path, this.owner);
  }

  #rootInode(): Inode {
    const root = { type: 'directory', mode: 0o755 } as const;
    return inodeOfEntry(rootInode, root, rootInode, () => rootPath, this.owner);
  }

  /** The path in the base tree of a directory that comes from there. */
  #originOf(number: InodeNumber): TreePath | null {
    if (number === rootInode) return rootPath;
    return this.isBase(number) ? this.base.at(rankOfInode(number)).path : null;
  }
}
