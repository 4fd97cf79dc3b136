import { DatabaseSync } from 'node:sqlite';
import { WorkspaceError } from '../workspace-error.ts';

const sqliteBusy = 5;

/** Ends after about `ms` milliseconds. Handed in, so that tests need not wait. */
export type Wait = (ms: number) => Promise<void>;

export interface LockOptions {
  readonly wait: Wait;
  /** How long to wait for another process, in ms. */
  readonly waitMsMax: number;
}

const pauseMs = 25;

/**
 * Lets one process at a time work in a checkout: a transaction on an empty SQLite database, which is never written. The
 * operating system drops the lock of a process that dies. Throws `workspace/busy` after `waitMsMax`.
 */
export async function withCheckoutLock<T>(
  file: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const database = openDatabase(file);
  try {
    for (let waitedMs = 0; !tryBegin(database, file); waitedMs += pauseMs) {
      if (waitedMs >= options.waitMsMax) {
        throw new WorkspaceError(
          'workspace/busy',
          `Waited ${Math.round(waitedMs / 1000)} s for another process that is at work in this workspace. Let it finish, then do it again.`,
        );
      }
      await options.wait(pauseMs);
    }
    return await work();
  } finally {
    database.close();
  }
}

function openDatabase(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw lockFailed(file, error);
  }
}

/** False when another process has the lock. */
function tryBegin(database: DatabaseSync, file: string): boolean {
  try {
    database.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === sqliteBusy)
      return false;
    throw lockFailed(file, error);
  }
}

function lockFailed(file: string, cause: unknown): WorkspaceError {
  return new WorkspaceError(
    'workspace/denied',
    `Cannot lock the workspace with "${file}". Check owner and permissions, and that the disk is a local one; then do it again.`,
    { cause },
  );
}
