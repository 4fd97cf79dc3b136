import { hashOf } from '../../base/hash.ts';
import type { Random } from '../../base/random.ts';
import type { Sleep } from '../backoff.ts';
import { backoffMs } from '../backoff.ts';
import type { ObjectKey } from '../object-store.ts';
import { StorageError } from '../object-store.ts';
import { ProcessLock, sqliteCode } from './process-lock.ts';

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

/** Locks between processes, one for each shard of the keys. */
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
  readonly #lock: ProcessLock;

  constructor(path: string) {
    this.#lock = translating(() => new ProcessLock(path));
  }

  /** Takes the lock, or says false when another process has it. */
  tryLock(): boolean {
    return translating(() => this.#lock.tryTake());
  }

  unlock(): void {
    translating(() => this.#lock.release());
  }

  close(): void {
    this.#lock.close();
  }
}

const sqliteReadOnly = 8;
const sqliteCannotOpen = 14;

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
