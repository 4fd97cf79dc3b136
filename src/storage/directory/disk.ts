import {
  closeSync,
  constants,
  fsync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';

/**
 * The steps by which a directory store changes a disk, each one system call or nearly: a test that hands in its own can
 * fail or die at any of them. Errors are the operating system's (`code` is `ENOENT`, `ENOSPC` and so on).
 *
 * Calls that end in microseconds are synchronous, because a trip to the thread pool costs five times as much. The
 * ones that wait for the device can also be had in the background.
 */
export interface Disk {
  /** Makes one directory, for its owner only. */
  makeDirectory(path: string): void;
  /** Removes a directory that is empty. */
  removeDirectory(path: string): void;
  /** Makes a file that was not there, for its owner only, and opens it for writing. */
  createFile(path: string): number;
  /** Writes all of `bytes`. */
  write(file: number, bytes: Uint8Array): void;
  writeInBackground(file: number, bytes: Uint8Array): Promise<void>;
  /** Waits until what was written would survive a power cut. */
  flush(file: number): void;
  flushInBackground(file: number): Promise<void>;
  close(file: number): void;
  /** Gives a file a second name; fails with `EEXIST` where that name is taken. */
  link(existing: string, path: string): void;
  /** Renames a file, over whatever file was there. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Waits until the names in a directory would survive a power cut. */
  flushDirectory(path: string): void;
  flushDirectoryInBackground(path: string): Promise<void>;
}

const fileMode = 0o600;
const directoryMode = 0o700;
const writeAsync = promisify(write);
const fsyncAsync = promisify(fsync);

export const realDisk: Disk = {
  makeDirectory: (path) => mkdirSync(path, directoryMode),
  removeDirectory: (path) => rmdirSync(path),
  createFile: (path) => openSync(path, 'wx', fileMode),
  write(file, bytes) {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
  },
  async writeInBackground(file, bytes) {
    for (let at = 0; at < bytes.length; ) {
      at += (await writeAsync(file, bytes, at, bytes.length - at, null)).bytesWritten;
    }
  },
  flush: (file) => fsyncSync(file),
  flushInBackground: (file) => fsyncAsync(file),
  close: (file) => closeSync(file),
  link: (existing, path) => linkSync(existing, path),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => unlinkSync(path),
  flushDirectory(path) {
    const directory = openDirectory(path);
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  },
  async flushDirectoryInBackground(path) {
    const directory = openDirectory(path);
    try {
      await fsyncAsync(directory);
    } finally {
      closeSync(directory);
    }
  },
};

function openDirectory(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
}
