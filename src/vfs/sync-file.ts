import { closeSync, fdatasync, fsync, openSync } from 'node:fs';

/** Makes the content of the file at `path` survive a loss of power. One that has gone has nothing to be kept. */
export function syncFile(path: string): Promise<void> {
  return withFile(path, 'r+', (file) => called((done) => fdatasync(file, done)));
}

/** Makes the names in the directory at `path` survive a loss of power. */
export function syncDirectory(path: string): Promise<void> {
  return withFile(path, 'r', (file) => called((done) => fsync(file, done)));
}

/** As `syncFile`, for a file that is open. */
export function syncOpenFile(file: number): Promise<void> {
  return called((done) => fdatasync(file, done));
}

async function withFile(path: string, flags: string, work: (file: number) => Promise<void>): Promise<void> {
  let file: number;
  try {
    file = openSync(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    await work(file);
  } finally {
    closeSync(file);
  }
}

function called(work: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
}
