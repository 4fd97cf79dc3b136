import { hasCode } from '../base/error.ts';
import type { FileName, TreePath } from '../tree/path.ts';
import type { Cookie, InodeNumber } from './file-system.ts';
import { fileSystemError } from './file-system-error.ts';
import { GenerationCache } from './generation-cache.ts';
import type { Inode, SpoolFile } from './inode.ts';
import { inodeColumns, inodeOfRow, rowOfInode } from './inode-row.ts';
import { OverlayDatabase, type Value } from './overlay-database.ts';
import { Reserve } from './reserve.ts';

/** A name in the overlay. Without an inode it hides a name of the base tree. */
export interface OverlayName {
  readonly inode: InodeNumber | 0;
  readonly cookie: Cookie;
}

/** A name with what it stands for, as a listing finds it. */
export interface ListedOverlayName extends OverlayName {
  readonly name: FileName;
}

const namesInMemoryMax = 8192;
/** Bytes of small files' content in memory, and half of them. */
const dataBytesMax = 2 * 1024 * 1024;
/** Numbers are reserved in blocks of this many, so that making a file does not write down which was the last. */
const numbersReserved = 4096;

const numberKinds = ['inode', 'cookie', 'spool file'] as const;
type NumberKind = (typeof numberKinds)[number];

const absent = { inode: -1 } as unknown as OverlayName;

const sql = {
  inode: 'SELECT * FROM inode WHERE number = ?',
  inodesBetween: 'SELECT number FROM inode WHERE number BETWEEN ? AND ?',
  putInode: `INSERT OR REPLACE INTO inode VALUES (${Array(inodeColumns).fill('?').join()})`,
  removeInode: 'DELETE FROM inode WHERE number = ?',
  name: 'SELECT inode, cookie FROM name WHERE directory = ? AND name = ?',
  putName: 'INSERT OR REPLACE INTO name VALUES (?, ?, ?, ?)',
  removeName: 'DELETE FROM name WHERE directory = ? AND name = ?',
  removeNames: 'DELETE FROM name WHERE directory = ?',
  namesBehind:
    'SELECT name, inode, cookie FROM name WHERE directory = ? AND cookie > ? ORDER BY cookie LIMIT ?',
  allNames: 'SELECT name, inode, cookie FROM name WHERE directory = ?',
  data: 'SELECT bytes FROM data WHERE inode = ?',
  putData: 'INSERT OR REPLACE INTO data VALUES (?, ?)',
  removeData: 'DELETE FROM data WHERE inode = ?',
  setting: 'SELECT value FROM setting WHERE name = ?',
  putSetting: 'INSERT OR REPLACE INTO setting VALUES (?, ?)',
} as const;

/**
 * What a session has changed: inodes, names and small contents, in a database that is made at the first change, with
 * what was last used in memory.
 */
export class Overlay {
  readonly #directory: string | undefined;
  #database: OverlayDatabase | undefined;
  #reserve: Reserve | undefined;
  readonly #names = new GenerationCache<string, OverlayName>(namesInMemoryMax);
  #data = new Map<InodeNumber, Uint8Array>();
  #dataBytes = 0;
  readonly #next: Record<NumberKind, number>;
  readonly #reserved: Record<NumberKind, number> = { inode: 0, cookie: 0, 'spool file': 0 };
  #whenCommitted: (() => void)[] = [];
  #whenUndone: (() => void)[] = [];
  #onUndo: () => void = () => {};

  /**
   * Opens what there is in `directory`; undefined for an overlay that stays empty. Inodes and cookies of its own begin at
   * `firstNumber`.
   */
  constructor(directory: string | undefined, firstNumber: number) {
    this.#directory = directory;
    this.#next = { inode: firstNumber, cookie: firstNumber, 'spool file': 1 };
    if (directory === undefined || !OverlayDatabase.exists(directory)) return;
    this.#database = OverlayDatabase.open(directory);
    this.#reserve = new Reserve(directory);
    for (const kind of numberKinds) {
      const reserved = Number(this.setting(`next ${kind}`) ?? this.#next[kind]);
      this.#next[kind] = reserved;
      this.#reserved[kind] = reserved;
    }
  }

  /** Calls `action` whenever changes were undone, for those who keep something of them in memory. */
  onUndo(action: () => void): void {
    this.#onUndo = action;
  }

  /** Whether the process that changed it last died. */
  get wasInterrupted(): boolean {
    return this.#database?.wasInterrupted ?? false;
  }

  get isEmpty(): boolean {
    return this.#database === undefined;
  }

  /** The database, made where there is none. */
  get database(): OverlayDatabase {
    if (this.#database !== undefined) return this.#database;
    if (this.#directory === undefined) throw fileSystemError('file-system/read-only');
    this.#database = OverlayDatabase.open(this.#directory);
    this.#reserve = new Reserve(this.#directory);
    this.#reserve.hold();
    return this.#database;
  }

  /** Whether the disk was full when last asked. */
  get isShortOfRoom(): boolean {
    return this.#reserve !== undefined && !this.#reserve.isHeld;
  }

  /** Throws `file-system/full` where a full disk has no room but for removing: asked before anything is made. */
  requireRoom(): void {
    if (this.#reserve !== undefined && !this.#reserve.hold()) throw fileSystemError('file-system/full');
  }

  /** Gives up what room there is in reserve. The disk is full, and it should be possible to remove files. */
  makeRoom(): void {
    this.#reserve?.giveUp();
    this.#database?.shrinkLog();
  }

  newInode(): InodeNumber {
    return this.#newNumber('inode') as InodeNumber;
  }

  newSpoolFile(): SpoolFile {
    return this.#newNumber('spool file') as SpoolFile;
  }

  inode(number: InodeNumber, origin: (number: InodeNumber) => TreePath | null): Inode | undefined {
    const row = this.#database?.get(sql.inode, number);
    if (row === undefined) return undefined;
    return inodeOfRow(row, row.type === 1 ? origin(number) : null);
  }

  /** Which of the inodes from `first` to `last` (inclusive) have a row. */
  inodesBetween(first: number, last: number): Set<number> {
    const rows = this.#database?.all(sql.inodesBetween, first, last) ?? [];
    return new Set(rows.map((row) => row.number as number));
  }

  putInode(inode: Inode): void {
    this.database.run(sql.putInode, ...rowOfInode(inode));
  }

  removeInode(number: InodeNumber): void {
    this.database.run(sql.removeInode, number);
  }

  name(directory: InodeNumber, name: string): OverlayName | undefined {
    if (this.#database === undefined) return undefined;
    const key = nameKey(directory, name);
    let found = this.#names.get(key);
    if (found === undefined) {
      found = (this.#database.get(sql.name, directory, name) as OverlayName | undefined) ?? absent;
      this.#names.set(key, found);
    }
    return found === absent ? undefined : found;
  }

  /**
   * Gives `name` to `inode`. In the listing it stands at `baseCookie`, where the base tree has that name, or where it
   * stood before, or at the end: so that a name that is given to another file is listed once.
   */
  putName(directory: InodeNumber, name: string, inode: InodeNumber, baseCookie: Cookie | undefined): void {
    const cookie = baseCookie ?? this.name(directory, name)?.cookie ?? this.#newNumber('cookie');
    this.#putName(directory, name, { inode, cookie: cookie as Cookie });
  }

  /** Hides a name of the base tree, which lists it at `baseCookie`. */
  hideName(directory: InodeNumber, name: string, baseCookie: Cookie): void {
    this.#putName(directory, name, { inode: 0, cookie: baseCookie });
  }

  removeName(directory: InodeNumber, name: string): void {
    this.database.run(sql.removeName, directory, name);
    this.#names.set(nameKey(directory, name), absent);
  }

  /** Forgets all names of a directory that is no more, and so will not be asked for them. */
  removeNames(directory: InodeNumber): void {
    this.database.run(sql.removeNames, directory);
  }

  /** Up to `count` names behind `after`, hidden ones included. */
  namesBehind(directory: InodeNumber, after: number, count: number): readonly ListedOverlayName[] {
    const rows = this.#database?.all(sql.namesBehind, directory, after, count) ?? [];
    return rows as unknown as ListedOverlayName[];
  }

  allNames(directory: InodeNumber): readonly ListedOverlayName[] {
    return (this.#database?.all(sql.allNames, directory) ?? []) as unknown as ListedOverlayName[];
  }

  /** The content of a small file or symlink. Not to be written to. */
  data(inode: InodeNumber): Uint8Array {
    const cached = this.#data.get(inode);
    if (cached !== undefined) return cached;
    const row = this.#database?.get(sql.data, inode);
    if (row === undefined) throw fileSystemError('file-system/io');
    const bytes = row.bytes as Uint8Array;
    this.#remember(inode, bytes);
    return bytes;
  }

  /** `bytes` must not change afterwards. */
  putData(inode: InodeNumber, bytes: Uint8Array): void {
    this.database.run(sql.putData, inode, bytes);
    this.#remember(inode, bytes);
  }

  removeData(inode: InodeNumber): void {
    this.database.run(sql.removeData, inode);
    this.#forget(inode);
  }

  setting(name: string): Value | undefined {
    return this.#database?.get(sql.setting, name)?.value;
  }

  putSetting(name: string, value: Value): void {
    this.database.run(sql.putSetting, name, value);
  }

  /** Runs `action` once what is being done is committed, or never. */
  whenCommitted(action: () => void): void {
    this.#whenCommitted.push(action);
  }

  /** Runs `action` if what is being done is undone. */
  whenUndone(action: () => void): void {
    this.#whenUndone.push(action);
  }

  /** Makes all changes survive this process, or undoes them all and throws. */
  flush(): void {
    if (this.#database === undefined) return;
    try {
      this.#database.commit();
    } catch (error) {
      this.#undo();
      if (hasCode(error, 'file-system/full')) this.makeRoom();
      throw error;
    }
    if (this.#whenUndone.length > 0) this.#whenUndone = [];
    if (this.#whenCommitted.length === 0) return;
    for (const action of this.#whenCommitted.splice(0)) action();
  }

  async sync(): Promise<void> {
    this.flush();
    await this.#database?.sync();
  }

  /** As `sync`, at once, of what is committed. */
  syncNow(): void {
    this.#database?.syncNow();
  }

  close(): void {
    this.flush();
    this.#database?.close();
    this.#database = undefined;
  }

  #undo(): void {
    this.#database!.rollBack();
    this.#whenCommitted = [];
    this.#names.clear();
    this.#data.clear();
    this.#dataBytes = 0;
    // A reservation may have been undone with the rest: the next number reserves anew.
    for (const kind of numberKinds) this.#reserved[kind] = 0;
    this.#onUndo();
    for (const action of this.#whenUndone.splice(0)) action();
  }

  #putName(directory: InodeNumber, name: string, value: OverlayName): void {
    this.database.run(sql.putName, directory, name, value.inode, value.cookie);
    this.#names.set(nameKey(directory, name), value);
  }

  #newNumber(kind: NumberKind): number {
    if (this.#next[kind] >= this.#reserved[kind]) {
      const reserved = this.#next[kind] + numbersReserved;
      this.putSetting(`next ${kind}`, reserved);
      this.#reserved[kind] = reserved;
    }
    return this.#next[kind]++;
  }

  #remember(inode: InodeNumber, bytes: Uint8Array): void {
    this.#forget(inode);
    if (this.#dataBytes + bytes.length > dataBytesMax) {
      this.#data.clear();
      this.#dataBytes = 0;
    }
    this.#data.set(inode, bytes);
    this.#dataBytes += bytes.length;
  }

  #forget(inode: InodeNumber): void {
    this.#dataBytes -= this.#data.get(inode)?.length ?? 0;
    this.#data.delete(inode);
  }
}

function nameKey(directory: InodeNumber, name: string): string {
  return `${directory}/${name}`;
}
