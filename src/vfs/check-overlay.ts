import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { rootPath, type TreePath } from '../tree/path.ts';
import { type Caller, type InodeNumber, listingStart } from './file-system.ts';
import { FileSystemError } from './file-system-error.ts';
import { type Inode, rankOfInode, rootInode, type SpoolFile } from './inode.ts';
import { rowOfInode } from './inode-row.ts';
import { list } from './operations/list.ts';
import type { Row } from './overlay-database.ts';
import { resident } from './resident.ts';
import { firstBaseCookie, type Volume } from './volume.ts';

const superuser: Caller = { uid: 0, gid: 0, groups: [] };

const sql = {
  inodes: 'SELECT * FROM inode',
  names: 'SELECT directory, name, inode, cookie FROM name',
  data: 'SELECT inode, length(bytes) AS size FROM data',
  extents: 'SELECT spool, start, end FROM extent ORDER BY spool, start',
} as const;

/** A name as a walk through all directories finds it. */
interface Reached {
  readonly directory: InodeNumber;
  readonly name: string;
}

/**
 * What is wrong with an overlay, a line each: names without an inode, inodes without a name, links that are counted
 * wrongly, contents that belong to nobody, memory that says something else than the database. Looks at everything. When
 * it is `settled`, because it was just opened or synced, there are no spool files but those that are in use.
 */
export async function checkOverlay(volume: Volume, state: 'busy' | 'settled' = 'busy'): Promise<string[]> {
  if (volume.overlay.isEmpty) return [];
  const check = new OverlayCheck(volume);
  await check.run();
  if (state === 'settled') check.orphans();
  return check.wrong;
}

class OverlayCheck {
  readonly wrong: string[] = [];
  readonly #volume: Volume;
  readonly #reached = new Map<InodeNumber, Reached[]>();
  readonly #subdirectories = new Map<InodeNumber, number>();

  constructor(volume: Volume) {
    this.#volume = volume;
  }

  async run(): Promise<void> {
    const { database } = this.#volume.overlay;
    await this.#walk(rootInode);
    const rows = database.all(sql.inodes);
    for (const row of rows) await this.#inode(row.number as InodeNumber);
    for (const row of database.all(sql.names)) await this.#name(row);
    const known = new Set(rows.map(({ number }) => number));
    for (const number of this.#reached.keys()) {
      if (!this.#volume.isBase(number) && number !== rootInode && !known.has(number)) {
        this.#say(`a name stands for inode ${number}, which there is not`);
      }
    }
    this.#data(database.all(sql.data));
    this.#spool(database.all(sql.extents));
  }

  orphans(): void {
    const owned = new Set(this.#stored().map(({ spool }) => spool));
    for (const file of this.#volume.spool.files()) {
      if (!owned.has(file)) this.#say(`spool file ${file} belongs to nothing`);
    }
  }

  /** Finds every name below a directory. */
  async #walk(directory: InodeNumber): Promise<void> {
    let below: InodeNumber[] = [];
    await resident(() => {
      below = [];
      const reached: [InodeNumber, Reached][] = [];
      list(this.#volume, superuser, directory, listingStart, ({ name, attributes }) => {
        if (name === '.' || name === '..') return true;
        reached.push([attributes.inode, { directory, name }]);
        if (attributes.type === 'directory') below.push(attributes.inode);
        return true;
      });
      // Only now: a listing that was not in memory began again.
      for (const [inode, where] of reached) {
        this.#reached.set(inode, [...(this.#reached.get(inode) ?? []), where]);
      }
    });
    this.#subdirectories.set(directory, below.length);
    for (const inode of below) {
      if (this.#reached.get(inode)!.length === 1) await this.#walk(inode);
    }
  }

  async #inode(number: InodeNumber): Promise<void> {
    const volume = this.#volume;
    const stored = await resident(() => volume.overlay.inode(number, (base) => originOf(volume, base)));
    if (stored === undefined) return;
    const names = this.#reached.get(number) ?? [];
    if (stored.links === 0) return this.#gone(stored, names);
    const remembered = await resident(() => volume.inode(number));
    const isSame =
      isDeepStrictEqual(rowOfInode(remembered), rowOfInode(stored)) && remembered.origin === stored.origin;
    if (!isSame) {
      this.#say(`inode ${number} is another in memory`);
    }
    if (number >= this.#reserved('inode')) this.#say(`inode ${number} was never given out`);
    if (stored.type === 'directory') this.#directory(stored, names);
    else this.#notDirectory(stored, names);
  }

  #gone({ inode, content }: Inode, names: readonly Reached[]): void {
    if (!this.#volume.isBase(inode)) this.#say(`inode ${inode} is gone, and kept`);
    if (names.length > 0) this.#say(`inode ${inode} is gone, and has the name ${names[0]!.name}`);
    if (content.kind !== 'none') this.#say(`inode ${inode} is gone, and has content`);
  }

  #directory({ inode, links, parent, overlaid }: Inode, names: readonly Reached[]): void {
    if (inode !== rootInode) {
      if (names.length !== 1) this.#say(`directory ${inode} has ${names.length} names`);
      else if (names[0]!.directory !== parent) this.#say(`directory ${inode} does not know its parent`);
    }
    const counted = 2 + (this.#subdirectories.get(inode) ?? 0);
    if (overlaid && links !== counted) this.#say(`directory ${inode} has ${links} links, not ${counted}`);
  }

  #notDirectory({ inode, links, parent }: Inode, names: readonly Reached[]): void {
    if (names.length !== links) this.#say(`inode ${inode} has ${links} links, and ${names.length} names`);
    if (parent !== 0 && names.some(({ directory }) => directory !== parent)) {
      this.#say(`inode ${inode} has a name elsewhere than in its parent`);
    }
  }

  async #name(row: Row): Promise<void> {
    const [directory, name] = [row.directory as InodeNumber, row.name as string];
    const where = `"${name}" in ${directory}`;
    const parent = await this.#resolved(directory);
    if (parent?.type !== 'directory' || !parent.overlaid) {
      this.#say(`${where} is a name in what is no directory with names`);
      return;
    }
    const remembered = this.#volume.overlay.name(directory, name);
    if (remembered?.inode !== row.inode || remembered?.cookie !== row.cookie) {
      this.#say(`${where} stands for something else in memory`);
    }
    const inBase =
      parent.origin === null ? undefined : await resident(() => this.#volume.base.find(parent.origin!, name));
    if (row.inode === 0 && inBase === undefined) this.#say(`${where} hides nothing`);
    const cookie = row.cookie as number;
    if (inBase !== undefined && cookie !== inBase.rank + firstBaseCookie) {
      this.#say(`${where} is listed at another place than the base tree’s`);
    }
    const [first, end] = [this.#volume.base.count + firstBaseCookie, this.#reserved('cookie')];
    if (inBase === undefined && (cookie < first || cookie >= end)) {
      this.#say(`${where} has a cookie that was never given out`);
    }
    if (row.inode !== 0 && (await this.#resolved(row.inode as InodeNumber)) === undefined) {
      this.#say(`${where} stands for inode ${row.inode}, which there is not`);
    }
  }

  async #resolved(number: InodeNumber): Promise<Inode | undefined> {
    try {
      return await resident(() => this.#volume.inode(number));
    } catch (error) {
      if (error instanceof FileSystemError && error.code === 'file-system/stale') return undefined;
      throw error;
    }
  }

  #data(rows: readonly Row[]): void {
    const sizes = new Map(rows.map(({ inode, size }) => [inode as number, size as number]));
    for (const inode of this.#stored()) {
      const size = inode.content === 'inline' ? inode.size : 0;
      if ((sizes.get(inode.number) ?? 0) !== size) {
        this.#say(
          `inode ${inode.number} has ${sizes.get(inode.number) ?? 0} bytes in the database, not ${size}`,
        );
      }
      sizes.delete(inode.number);
    }
    for (const number of sizes.keys()) this.#say(`the database has bytes of ${number}, which there is not`);
  }

  #spool(extents: readonly Row[]): void {
    const files = new Set(this.#volume.spool.files());
    const owners = new Map<SpoolFile, StoredInode>();
    for (const inode of this.#stored()) {
      if (inode.spool === null) continue;
      if (owners.has(inode.spool)) this.#say(`spool file ${inode.spool} belongs to two inodes`);
      if (!files.has(inode.spool)) this.#say(`spool file ${inode.spool} of inode ${inode.number} is missing`);
      else this.#spoolFile(inode, inode.spool);
      owners.set(inode.spool, inode);
    }
    let before: Row | undefined;
    for (const extent of extents) {
      const owner = owners.get(extent.spool as SpoolFile);
      const where = `extent ${extent.start}–${extent.end} of spool file ${extent.spool}`;
      const [start, end] = [extent.start as number, extent.end as number];
      if (owner === undefined || owner.visible === null) this.#say(`${where} belongs to nothing`);
      else if (start >= end || end > owner.size) this.#say(`${where} is not within ${owner.size} bytes`);
      if (before?.spool === extent.spool && (before?.end as number) >= start) this.#say(`${where} overlaps`);
      before = extent;
    }
    for (const file of files) {
      if (file >= this.#reserved('spool file')) this.#say(`spool file ${file} was never given out`);
    }
  }

  #spoolFile({ number, size, visible, objectSize }: StoredInode, file: SpoolFile): void {
    const { size: length } = statSync(this.#volume.spool.pathOf(file));
    if (visible === null && length < size) {
      this.#say(`spool file ${file} has ${length} bytes, inode ${number} ${size}`);
    }
    if (visible !== null && visible > Math.min(size, objectSize ?? 0)) {
      this.#say(`inode ${number} shows ${visible} bytes of what has ${objectSize}`);
    }
  }

  #stored(): StoredInode[] {
    return this.#volume.overlay.database.all(sql.inodes).map((row) => ({
      number: row.number as number,
      size: row.size as number,
      content: (['none', 'object', 'inline', 'spool'] as const)[row.content as number],
      spool: row.spool as SpoolFile | null,
      visible: row.visible as number | null,
      objectSize: row.object_size as number | null,
    }));
  }

  #reserved(kind: string): number {
    const { overlay, base } = this.#volume;
    return Number(overlay.setting(`next ${kind}`) ?? base.count + firstBaseCookie);
  }

  #say(what: string): void {
    this.wrong.push(what);
  }
}

function originOf(volume: Volume, number: InodeNumber): TreePath | null {
  if (number === rootInode) return rootPath;
  return volume.isBase(number) ? volume.base.at(rankOfInode(number)).path : null;
}

interface StoredInode {
  readonly number: number;
  readonly size: number;
  readonly content: 'none' | 'object' | 'inline' | 'spool' | undefined;
  readonly spool: SpoolFile | null;
  readonly visible: number | null;
  readonly objectSize: number | null;
}
