import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MicelioError } from '../../base/error.ts';
import type { Hash } from '../../base/hash.ts';
import { readFrames } from '../../blob/bulk-read.ts';
import { readFile, wholeFileBytesMax } from '../../blob/file.ts';
import type { FileEntry, SymlinkEntry } from '../../tree/entry.ts';
import type { TreePath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import type { ProjectContent } from '../project-content.ts';
import { writeNewFileFrom, writingFailed } from './file-writer.ts';
import type { FrameFailure, FrameWorkerData } from './frame-worker.ts';
import {
  type FrameFile,
  type FrameTask,
  statusInto,
  statusNumbers,
  symlinkMode,
  writeFrame,
} from './frame-writer.ts';

/** A file or symlink to be made. */
export interface NewFile {
  /** Relative to the root, as a byte string. */
  readonly path: string;
  readonly entry: FileEntry | SymlinkEntry;
}

/** With fewer files than this a second thread has no time to be of use. */
const filesForTwoThreads = 400;
/** As many frames may wait for the other thread. */
const queuedMax = 4;
const filesPerTaskMax = 64;
const filesPerReport = 64;

/**
 * Makes files and symlinks, none of which may be there, in directories that are. Their contents are read in the order
 * in which they are stored, each frame once, and verified. Two threads decompress, verify and write. Returns the status of
 * each file as `statusInto` puts it.
 */
export async function writeFiles(
  content: ProjectContent,
  root: string,
  files: readonly NewFile[],
  onProgress: (written: number) => void = () => {},
): Promise<Float64Array> {
  const statuses = new Float64Array(new SharedArrayBuffer(files.length * statusNumbers * 8));
  const small: number[] = [];
  const large: number[] = [];
  for (const [index, { entry }] of files.entries()) {
    (entry.type === 'file' && entry.size > wholeFileBytesMax ? large : small).push(index);
  }
  const helper = small.length < filesForTwoThreads ? undefined : new Helper(root, statuses);
  let written = 0;
  let reported = 0;
  const report = (count: number): void => {
    written += count;
    if (written - reported < filesPerReport && written < files.length) return;
    reported = written;
    onProgress(written);
  };
  try {
    for await (const task of frameTasks(content, files, small)) {
      if (helper?.isFree) helper.take(task);
      else writeFrame(root, task, statuses);
      report(task.files.length);
      // Lets a failure of the other thread come in.
      if (helper !== undefined) await nextTurn();
      helper?.check();
    }
    for (const index of large) {
      const { path, entry } = files[index]!;
      const mode = (entry as FileEntry).mode;
      statusInto(statuses, index, await writeNewFileFrom(root, path, mode, readFile(content.blobs, entry)));
      report(1);
    }
    await helper?.finish();
  } finally {
    await helper?.stop();
  }
  return statuses;
}

async function* frameTasks(
  content: ProjectContent,
  files: readonly NewFile[],
  wanted: readonly number[],
): AsyncGenerator<FrameTask> {
  const hashes: Hash[] = wanted.map((index) => files[index]!.entry.hash);
  for await (const { compressed, size, objects } of readFrames(content.blobs, hashes)) {
    const tasks: FrameFile[] = objects.map(({ index: nth, hash, offset, length }) => {
      const index = wanted[nth]!;
      const { path, entry } = files[index]!;
      return { index, path, mode: entry.type === 'file' ? entry.mode : symlinkMode, hash, offset, length };
    });
    // A frame of very many tiny files is shared by the threads: decompressing it twice costs less than writing them.
    for (let at = 0; at < tasks.length; at += filesPerTaskMax) {
      yield { compressed, size, files: tasks.slice(at, at + filesPerTaskMax) };
    }
  }
}

/** The other thread. */
class Helper {
  readonly #worker: Worker;
  readonly #done = new Int32Array(new SharedArrayBuffer(4));
  readonly #ended: Promise<unknown>;
  #sent = 0;
  #failure: Error | undefined;

  constructor(root: string, statuses: Float64Array<SharedArrayBuffer>) {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const workerData: FrameWorkerData = { root, statuses, done: this.#done };
    this.#worker = new Worker(new URL(`./frame-worker${extension}`, import.meta.url), { workerData });
    this.#worker.on('message', ({ code, error }: FrameFailure) => {
      this.#failure ??= revived(code, error);
    });
    this.#worker.on('error', (error: Error) => {
      this.#failure ??= error;
    });
    this.#ended = once(this.#worker, 'exit');
  }

  get isFree(): boolean {
    return this.#failure === undefined && this.#sent - Atomics.load(this.#done, 0) < queuedMax;
  }

  take(task: FrameTask): void {
    this.#sent++;
    // A copy of its own: what is sent is copied with all of the memory that it is a view of.
    this.#worker.postMessage({ ...task, compressed: Uint8Array.from(task.compressed) });
  }

  /** Throws what went wrong over there. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits until all has been written. */
  async finish(): Promise<void> {
    this.#worker.postMessage('end');
    await this.#ended;
    this.check();
    if (Atomics.load(this.#done, 0) !== this.#sent) throw new Error('The thread that writes files has died.');
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** An error that came from another thread, with what is lost on the way. */
function revived(code: string | undefined, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error ? error.cause : undefined;
  return code === undefined
    ? new Error(message, { cause: error })
    : new MicelioError(code, message, { cause });
}

/** Makes a directory that was not there. It can be written to until `finishDirectory`. */
export function makeDirectory(root: string, path: TreePath, mode: number): void {
  try {
    mkdirSync(diskPath(root, path), mode | 0o700);
  } catch (error) {
    throw writingFailed(path, error);
  }
}

/** Gives a directory its permissions, and returns the status that it has then. */
export function finishDirectory(root: string, path: TreePath, mode: number): Stats {
  try {
    const where = diskPath(root, path);
    const status = lstatSync(where);
    if ((status.mode & 0o777) === mode) return status;
    chmodSync(where, mode);
    return lstatSync(where);
  } catch (error) {
    throw writingFailed(path, error);
  }
}
