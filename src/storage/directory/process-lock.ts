import { DatabaseSync } from 'node:sqlite';

const sqliteBusy = 5;

/**
 * A lock between processes: an empty SQLite database on which a transaction is begun and rolled back. No byte of it is
 * ever written, and since the operating system drops the locks of a process that dies, `kill -9` leaves none behind and
 * no lock is ever stale. To take and release it costs 10 µs.
 *
 * The file stays, with no byte in it, and nobody may delete it: who has just opened it would lock a file without a name,
 * and the next one a new file of the same name, so that both would have the lock.
 *
 * Errors are SQLite's own (`sqliteCode`): who owns the lock says what they mean.
 */
export class ProcessLock {
  readonly #database: DatabaseSync;

  /** Makes the file `path` where there is none; its directory must exist. */
  constructor(path: string) {
    // Without a timeout SQLite would block the thread while it waits.
    this.#database = new DatabaseSync(path, { timeout: 0 });
    // With its journal on disk SQLite would make a file for every transaction, also for one that writes nothing.
    this.#database.exec('PRAGMA journal_mode = MEMORY');
  }

  /** Takes the lock, or says false when somebody else has it. */
  tryTake(): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (sqliteCode(error) === sqliteBusy) return false;
      throw error;
    }
  }

  release(): void {
    this.#database.exec('ROLLBACK');
  }

  /** Gives up the lock, if it is held, and what the process holds of the file. */
  close(): void {
    this.#database.close();
  }
}

/** SQLite's primary result code; undefined for an error that is not SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}
