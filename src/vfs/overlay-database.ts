import { closeSync, existsSync, fdatasyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { FileSystemError, fileSystemError } from './file-system-error.ts';
import { syncDirectory, syncOpenFile } from './sync-file.ts';

/** Pages of the write-ahead log, of 4 KiB, after which SQLite moves them into the database and syncs it. */
const logPagesMax = 8192;
const pageCacheKib = 512;
const sqliteFull = 13;

const formatVersion = 1;

/** `docs/formats/overlay.md` describes the tables. */
const schema = `
CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE inode (
  number INTEGER PRIMARY KEY, type INTEGER, mode INTEGER, links INTEGER, uid INTEGER, gid INTEGER,
  size INTEGER, used INTEGER, major INTEGER, minor INTEGER,
  accessed INTEGER, accessed_ns INTEGER, modified INTEGER, modified_ns INTEGER, changed INTEGER, changed_ns INTEGER,
  parent INTEGER, overlaid INTEGER, content INTEGER, recorded TEXT, object TEXT, object_size INTEGER, visible INTEGER, spool INTEGER
);
CREATE TABLE name (
  directory INTEGER, name TEXT, inode INTEGER, cookie INTEGER, PRIMARY KEY (directory, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX name_by_cookie ON name (directory, cookie);
CREATE TABLE data (inode INTEGER PRIMARY KEY, bytes BLOB);
CREATE TABLE extent (spool INTEGER, start INTEGER, end INTEGER, PRIMARY KEY (spool, start)) WITHOUT ROWID;
`;

const closedMark = {
  get: "SELECT value FROM setting WHERE name = 'closed'",
  put: "INSERT OR REPLACE INTO setting VALUES ('closed', 1)",
  remove: "DELETE FROM setting WHERE name = 'closed'",
} as const;

export type Value = number | string | null | Uint8Array;
export type Row = Readonly<Record<string, Value>>;

/**
 * The SQLite database of one overlay. Statements run in a transaction that begins with the first change and ends with
 * `commit`. After a failed statement nothing can be changed before `rollBack`, since half of an operation may be done.
 *
 * The write-ahead log is not synced by a commit, only written: that survives the death of the process. `sync` makes it
 * survive a loss of power. The lock is exclusive: no two processes serve one overlay.
 */
export class OverlayDatabase {
  /**
   * Whether the process that changed it last died: what was written may not have been synced, which this process has to
   * make good. A log that is left does not tell: a process that exits has its databases closed.
   */
  readonly wasInterrupted: boolean;
  /** Whether the database says that it was closed. It must not any more when something changes. */
  #saysClosed: boolean;
  readonly #database: DatabaseSync;
  readonly #logFile: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #statements = new Map<string, StatementSync>();
  #log: number | undefined;
  #inTransaction = false;
  /** Directories in which the database made names that a loss of power could take. */
  #newDirectories: readonly string[];
  /** Transactions that were committed, and how many of them a sync has seen. */
  #committed: number;
  #synced = 0;
  #failure: FileSystemError | undefined;

  private constructor(file: string) {
    this.#logFile = `${file}-wal`;
    const directory = dirname(file);
    const isNew = !existsSync(file);
    this.#newDirectories = isNew ? [directory, dirname(directory)] : [];
    this.#database = new DatabaseSync(file, { timeout: 0 });
    try {
      this.#database.exec(
        `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         PRAGMA wal_autocheckpoint = ${logPagesMax}; PRAGMA cache_size = -${pageCacheKib};`,
      );
      this.#prepareTables();
      this.#begin = this.#database.prepare('BEGIN IMMEDIATE');
      this.#commit = this.#database.prepare('COMMIT');
      this.#saysClosed = this.#database.prepare(closedMark.get).get() !== undefined;
    } catch (error) {
      // Else it would keep its lock, and nobody could try again.
      this.#database.close();
      throw error;
    }
    this.wasInterrupted = !isNew && !this.#saysClosed;
    this.#committed = this.wasInterrupted ? 1 : 0;
  }

  static exists(directory: string): boolean {
    return existsSync(fileIn(directory));
  }

  /** Opens the database in `directory`, making both where they are missing. */
  static open(directory: string): OverlayDatabase {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return new OverlayDatabase(fileIn(directory));
    } catch (error) {
      throw failureOf(error);
    }
  }

  #prepareTables(): void {
    const version = this.#database.prepare('PRAGMA user_version').get()!.user_version;
    if (version === formatVersion) return;
    if (version !== 0) throw unknownFormat(version);
    this.#database.exec(`BEGIN; ${schema} PRAGMA user_version = ${formatVersion}; COMMIT`);
  }

  /** The first row, or undefined. */
  get(sql: string, ...values: Value[]): Row | undefined {
    try {
      return this.#statement(sql).get(...values) as Row | undefined;
    } catch (error) {
      throw failureOf(error);
    }
  }

  all(sql: string, ...values: Value[]): Row[] {
    try {
      return this.#statement(sql).all(...values) as Row[];
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** Changes something, in the transaction that `commit` ends. */
  run(sql: string, ...values: Value[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      if (!this.#inTransaction) {
        if (this.#saysClosed) this.#database.exec(closedMark.remove);
        this.#saysClosed = false;
        this.#begin.run();
        this.#inTransaction = true;
      }
      this.#statement(sql).run(...values);
    } catch (error) {
      this.#failure = failureOf(error);
      throw this.#failure;
    }
  }

  /** Ends the transaction. Throws when it, or something in it, failed: then `rollBack` must follow. */
  commit(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#inTransaction) return;
    try {
      this.#commit.run();
      this.#inTransaction = false;
      this.#committed++;
    } catch (error) {
      this.#failure = failureOf(error);
      throw this.#failure;
    }
  }

  /** Takes back everything since the last commit. */
  rollBack(): void {
    this.#failure = undefined;
    this.#inTransaction = false;
    // SQLite has rolled back on its own after some failures.
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  /** Moves the log into the database, where that has room, which takes less of the disk. Not within a transaction. */
  shrinkLog(): void {
    if (this.#inTransaction) return;
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // No room for that either: the log has everything still.
    }
  }

  /** Makes what was committed survive a loss of power. */
  async sync(): Promise<void> {
    const committed = this.#committed;
    if (this.#synced >= committed) return;
    const directories = this.#newDirectories;
    try {
      // Opened late: the first commit makes the log. It stays the same file while the database is open.
      this.#log ??= openSync(this.#logFile, 'r+');
      await syncOpenFile(this.#log);
      for (const directory of directories) await syncDirectory(directory);
    } catch (error) {
      throw failureOf(error);
    }
    if (this.#newDirectories === directories) this.#newDirectories = [];
    this.#synced = Math.max(this.#synced, committed);
  }

  /** As `sync`, but waits for the disk. */
  syncNow(): void {
    const committed = this.#committed;
    try {
      this.#log ??= openSync(this.#logFile, 'r+');
      fdatasyncSync(this.#log);
    } catch (error) {
      throw failureOf(error);
    }
    // The names of a new database are left to `sync`.
    if (this.#newDirectories.length === 0) this.#synced = Math.max(this.#synced, committed);
  }

  /** Lets go of the file. Everything must have been committed and synced. */
  close(): void {
    if (this.#log !== undefined) closeSync(this.#log);
    try {
      this.#database.exec(closedMark.put);
    } finally {
      this.#database.close();
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function fileIn(directory: string): string {
  return join(directory, 'overlay.db');
}

function unknownFormat(version: unknown): FileSystemError {
  return new FileSystemError(
    'file-system/io',
    `What the session has changed is kept in format ${version}, which this version does not know. Update Micelio.`,
  );
}

/** What a failure of SQLite or of the operating system means to whoever uses the file system. */
export function failureOf(cause: unknown): FileSystemError {
  if (cause instanceof FileSystemError) return cause;
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : undefined;
  const systemCode = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  // Some disks take no files as large as ours may be.
  if (systemCode === 'EFBIG') return fileSystemError('file-system/file-too-large');
  const isFull = code === sqliteFull || systemCode === 'ENOSPC' || systemCode === 'EDQUOT';
  return fileSystemError(isFull ? 'file-system/full' : 'file-system/io');
}
