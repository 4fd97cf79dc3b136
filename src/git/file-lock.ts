import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { besides, createExclusively } from './exclusive-file.ts';
import { naming } from './git-error.ts';

/** Between two looks whether a lock has gone, in ms: at first, and up to which it grows while others go before. */
const lookMsMin = 10;
const lookMsMax = 80;
/** How often whoever waits for a lock finds out whether it was left behind, in ms: that reads a file. */
const leftBehindLookMs = 500;
const mark = 'micelio';
/** What a lock of ours has to say is shorter. */
const contentBytesMax = 512;

/**
 * A lock that is a file, as git's own are. One that a killed process of ours on this machine has left says so, and is
 * taken over.
 */
export class FileLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Takes the lock `path`; undefined where somebody else has it for all of `waitMs`. Where nothing breaks if two have it,
   * `forgottenMs` says how old a lock may be at most.
   */
  static take(path: string, waitMs: number, forgottenMs = Infinity): Promise<FileLock | undefined> {
    return naming(`lock "${path}"`, () => FileLock.#take(path, waitMs, forgottenMs));
  }

  static async #take(path: string, waitMs: number, forgottenMs: number): Promise<FileLock | undefined> {
    const deadline = performance.now() + waitMs;
    let leftBehindAt = 0;
    for (let lookMs = lookMsMin; ; lookMs = Math.min(lookMs * 1.25, lookMsMax)) {
      // Looked for first: to try and fail writes to the disk, and a hundred may be waiting.
      if (!existsSync(path) && (await create(path))) return new FileLock(path);
      const now = performance.now();
      if (now >= leftBehindAt) {
        leftBehindAt = now + leftBehindLookMs;
        if ((await isLeftBehind(path, forgottenMs)) && (await takeOver(path, forgottenMs))) {
          return new FileLock(path);
        }
      }
      if (now >= deadline) return undefined;
      await sleep(lookMs);
    }
  }

  release(): Promise<void> {
    return naming(`unlock "${this.#path}"`, () => rm(this.#path, { force: true }));
  }
}

/**
 * Git's own lock of the index in `gitDirectory`. While it is held, no git changes the index, and nobody can commit it: so
 * a branch can be moved under a checkout, and the checkout brought along, as if at once. Left by a process that was
 * killed, it keeps people from committing a state that was only half brought along, until the next one finishes that.
 */
export function takeIndexLock(gitDirectory: string, waitMs: number): Promise<FileLock | undefined> {
  return FileLock.take(indexLock(gitDirectory), waitMs);
}

/** Takes away a lock of the index that a killed process of ours has left, and nobody else's. */
export async function dropLeftIndexLock(gitDirectory: string): Promise<void> {
  if (existsSync(indexLock(gitDirectory))) await (await takeIndexLock(gitDirectory, 0))?.release();
}

function indexLock(gitDirectory: string): string {
  return join(gitDirectory, 'index.lock');
}

function create(path: string): Promise<boolean> {
  return createExclusively(path, `${mark} ${process.pid} ${hostname()}\n`);
}

/** Whether a process of ours has made the lock, and is gone from this machine or has had it for too long. */
async function isLeftBehind(path: string, forgottenMs: number): Promise<boolean> {
  const { content, ageMs } = await look(path);
  const [who, pid, machine] = content.trim().split(' ');
  if (who !== mark) return false;
  return ageMs > forgottenMs || (machine === hostname() && Number(pid) > 0 && !isRunning(Number(pid)));
}

/** Moves the lock aside, and takes it if that was still the one left behind. */
async function takeOver(path: string, forgottenMs: number): Promise<boolean> {
  const aside = besides(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const wasLeftBehind = await isLeftBehind(aside, forgottenMs);
  // Somebody else has taken it over in between: they get it back.
  if (!wasLeftBehind) await createExclusively(path, (await look(aside)).content);
  await rm(aside, { force: true });
  return wasLeftBehind && create(path);
}

/** An index is large and never begins like a lock of ours; a lock that is gone by now is nobody's. */
async function look(path: string): Promise<{ readonly content: string; readonly ageMs: number }> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { content: '', ageMs: 0 };
    throw error;
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(contentBytesMax), 0, contentBytesMax, 0);
    const ageMs = Date.now() - (await file.stat()).mtimeMs;
    return { content: buffer.toString('utf8', 0, bytesRead), ageMs };
  } finally {
    await file.close();
  }
}

/** Whether a process of this machine is there. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
