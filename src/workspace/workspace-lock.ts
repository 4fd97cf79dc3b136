import { ProcessLock } from '../storage/directory/process-lock.ts';
import { WorkspaceError } from './workspace-error.ts';

/** Ends after about `ms` milliseconds. Handed in, so that tests need not wait. */
export type Wait = (ms: number) => Promise<void>;

export interface LockOptions {
  readonly wait: Wait;
  /** How long to wait for another process, in ms. */
  readonly waitMsMax: number;
}

const pauseMs = 25;

/**
 * Lets one process at a time work in a workspace: it has the lock `file`, which the operating system drops when it dies.
 * Throws `workspace/busy` after `waitMsMax`.
 */
export async function withWorkspaceLock<T>(
  file: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const lock = translating(file, () => new ProcessLock(file));
  try {
    for (let waitedMs = 0; !translating(file, () => lock.tryTake()); waitedMs += pauseMs) {
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
    lock.close();
  }
}

function translating<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new WorkspaceError(
      'workspace/denied',
      `Cannot lock the workspace with "${file}". Check owner and permissions, and that the disk is a local one; then do it again.`,
      { cause },
    );
  }
}
