import { DatabaseSync } from 'node:sqlite';
import { hashOf } from '../../base/hash.ts';
import type { Random } from '../../base/random.ts';
import type { Sleep } from '../backoff.ts';
import { backoffMs } from '../backoff.ts';
import type { ObjectKey } from '../object-store.ts';
import { StorageError } from '../object-store.ts';

/** How many lock files share the keys. Part of the layout on disk: all processes on a store must agree. */
const shardCount = 64;
/** With 16 processes on one key, waits half as long take all of them twice as long; twice as long gain nothing. */
const lockBackoff = { firstMs: 2, maxMs: 32 };

export interface ShardLocksOptions {
  readonly random: Random;
  readonly sleep: Sleep;
  /** How long to wait for other processes, in ms, before giving up with `storage/unavailable`. */
  readonly waitMsMax: number;
}

/**
 * Locks between processes, one for each shard of the keys. Each is an empty SQLite database on which a transaction is
 * begun and rolled back: no byte is ever written, and since the operating system drops the locks of a process that
 * dies, `kill -9` leaves none behind and no lock is ever stale. To take and release one costs 10 µs.
 */
export class ShardLocks {
  readonly #directory: string;
  readonly #options: ShardLocksOptions;
  readonly #shards = new Map<number, Shard>();

  /** `directory` holds the lock files and must exist when the first lock is taken. */
  constructor(directory: string, options: ShardLocksOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /** Runs `critical` while nobody else, in this process or another, holds the lock of `key`'s shard. */
  async hold<T>(key: ObjectKey, critical: () => T | Promise<T>): Promise<T> {
    const shard = this.#shardOf(key);
    // Only the first in the queue asks for the lock; the others of this process wait for their turn without polling.
    const turn = this.#takeTurn(shard, shard.queue, key, critical);
    const queue = turn.then(ignoreResult, ignoreResult).finally(() => {
      if (shard.queue === queue) shard.queue = undefined;
    });
    shard.queue = queue;
    return turn;
  }

  close(): void {
    for (const shard of this.#shards.values()) shard.close();
    this.#shards.clear();
  }

  async #takeTurn<T>(
    shard: Shard,
    others: Promise<void> | undefined,
    key: ObjectKey,
    critical: () => T | Promise<T>,
  ): Promise<T> {
    await others;
    await this.#lock(shard, key);
    try {
      return await critical();
    } finally {
      shard.unlock();
    }
  }

  async #lock(shard: Shard, key: ObjectKey): Promise<void> {
    const { random, sleep, waitMsMax } = this.#options;
    let waitedMs = 0;
    for (let attempt = 0; !shard.tryLock(); attempt++) {
      if (waitedMs > waitMsMax) {
        throw new StorageError(
          'storage/unavailable',
          `Waited ${Math.round(waitedMs / 1000)} s for other processes to finish writing "${key}" or keys beside it. Look for a stopped process that uses this store, end it, then try again.`,
        );
      }
      const pauseMs = backoffMs(random, lockBackoff, attempt);
      await sleep(pauseMs);
      waitedMs += pauseMs;
    }
  }

  #shardOf(key: ObjectKey): Shard {
    const number = Number.parseInt(hashOf(Buffer.from(key)).slice(0, 2), 16) % shardCount;
    let shard = this.#shards.get(number);
    if (shard === undefined) {
      shard = new Shard(`${this.#directory}/${number.toString(16).padStart(2, '0')}`);
      this.#shards.set(number, shard);
    }
    return shard;
  }
}

/** The next in the queue does not care how the turn before ended: whoever asked for that one is told. */
function ignoreResult(): void {}

class Shard {
  /** Ends when the last in this process that wants the lock has had its turn; undefined when none does. */
  queue: Promise<void> | undefined;
  readonly #database: DatabaseSync;

  constructor(path: string) {
    // Without a timeout SQLite would block the thread while it waits.
    this.#database = translating(() => new DatabaseSync(path, { timeout: 0 }));
    // With its journal on disk SQLite would make a file for every transaction, also for one that writes nothing.
    translating(() => this.#database.exec('PRAGMA journal_mode = MEMORY'));
  }

  /** Takes the lock, or says false when another process has it. */
  tryLock(): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (sqliteCode(error) === sqliteBusy) return false;
      throw lockError(error);
    }
  }

  unlock(): void {
    translating(() => this.#database.exec('ROLLBACK'));
  }

  close(): void {
    this.#database.close();
  }
}

const sqliteBusy = 5;
const sqliteReadOnly = 8;
const sqliteCannotOpen = 14;

/** SQLite's primary result code; undefined for an error that is not SQLite's. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

function translating<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw lockError(error);
  }
}

function lockError(error: unknown): StorageError {
  const code = sqliteCode(error);
  if (code === sqliteReadOnly || code === sqliteCannotOpen) {
    return new StorageError(
      'storage/denied',
      'Cannot open a lock file of the store. Check the owner and the permissions of its ".locks" directory, and how its disk is mounted; nothing was changed.',
      { cause: error },
    );
  }
  return new StorageError(
    'storage/unavailable',
    'Cannot lock the store. Try again; if it stays, check its disk, which must be a local one; nothing was changed.',
    { cause: error },
  );
}
