import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks whether a lock has gone, in ms. */
const lookMs = 10;
const mark = 'micelio';

/**
 * A lock that is a file, as git's own are. One that a killed process of ours on this machine has left says so, and is
 * taken over.
 */
export class FileLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Takes the lock `path`; undefined where somebody else has it for all of `waitMs`. */
  static async take(path: string, waitMs: number): Promise<FileLock | undefined> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      if ((await create(path)) || ((await isLeftBehind(path)) && (await takeOver(path))))
        return new FileLock(path);
      if (performance.now() >= deadline) return undefined;
      await sleep(lookMs);
    }
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/**
 * Git's own lock of the index in `gitDirectory`. While it is held, no git changes the index, and nobody can commit it: so
 * a branch can be moved under a checkout, and the checkout brought along, as if at once. Left by a process that was
 * killed, it keeps people from committing a state that was only half brought along, until the next one finishes that.
 */
export function takeIndexLock(gitDirectory: string, waitMs: number): Promise<FileLock | undefined> {
  return FileLock.take(join(gitDirectory, 'index.lock'), waitMs);
}

/** Makes the lock with its content at once, so that nobody ever sees one that does not say whose it is. */
async function create(path: string): Promise<boolean> {
  const draft = asideOf(path);
  await writeFile(draft, `${mark} ${process.pid} ${hostname()}\n`);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

function asideOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}`;
}

/** Whether a process of ours on this machine has made the lock, and is gone. */
async function isLeftBehind(path: string): Promise<boolean> {
  const [who, pid, machine] = (await contentOf(path)).trim().split(' ');
  return who === mark && machine === hostname() && Number(pid) > 0 && !isRunning(Number(pid));
}

/** Moves the lock aside, and takes it if that was still the one left behind. */
async function takeOver(path: string): Promise<boolean> {
  const aside = asideOf(path);
  try {
    await rename(path, aside);
  } catch {
    return false;
  }
  const wasLeftBehind = await isLeftBehind(aside);
  if (!wasLeftBehind) await link(aside, path).catch(() => {});
  await unlink(aside);
  return wasLeftBehind && create(path);
}

async function contentOf(path: string): Promise<string> {
  // An index is large and never begins like this; a lock that is gone by now is nobody's.
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
