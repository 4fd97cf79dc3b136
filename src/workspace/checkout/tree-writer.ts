import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SHARE_ENV, Worker } from 'node:worker_threads';
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
/**
 * The threads take turns of about so many files, which lie next to each other: two that make files in one directory
 * would wait for each other at every one.
 */
const filesPerTurn = 128;
/** As many turns may wait for the other thread, besides the one that it is at. */
const queuedMax = 2;

/** Makes files and symlinks, none of which may be there. */
export class FileWriter {
  readonly #content: ProjectContent;
  readonly #root: string;
  readonly #files: readonly NewFile[];
  readonly #statuses: Float64Array<SharedArrayBuffer>;
  /** Places in `files` of those that are one blob, and of the larger ones. */
  readonly #small: number[] = [];
  readonly #large: number[] = [];
  readonly #helper: Helper | undefined;

  /** The second thread starts at once. `finish` must be called. */
  constructor(content: ProjectContent, root: string, files: readonly NewFile[]) {
    this.#content = content;
    this.#root = root;
    this.#files = files;
    this.#statuses = new Float64Array(new SharedArrayBuffer(files.length * statusNumbers * 8));
    for (const [index, { entry }] of files.entries()) {
      const isLarge = entry.type === 'file' && entry.size > wholeFileBytesMax;
      (isLarge ? this.#large : this.#small).push(index);
    }
    if (this.#small.length >= filesForTwoThreads) this.#helper = new Helper(root, this.#statuses);
  }

  /**
   * Writes the files into directories that are there now. Their contents are read in the order in which they are
   * stored, each frame once, and verified. Two threads decompress, verify and write. Returns the status of each file as
   * `statusInto` puts it.
   */
  async write(onProgress: (written: number) => void): Promise<Float64Array> {
    let written = 0;
    for await (const turn of turnsOf(frameTasks(this.#content, this.#files, this.#small))) {
      if (this.#helper?.isFree) this.#helper.take(turn);
      else for (const task of turn) writeFrame(this.#root, task, this.#statuses);
      for (const { files } of turn) written += files.length;
      onProgress(written);
      // Lets a failure of the other thread come in.
      if (this.#helper !== undefined) await nextTurn();
      this.#helper?.check();
    }
    for (const index of this.#large) {
      const { path, entry } = this.#files[index]!;
      const pieces = readFile(this.#content.blobs, entry);
      const status = await writeNewFileFrom(this.#root, path, (entry as FileEntry).mode, pieces);
      statusInto(this.#statuses, index, status);
      onProgress(++written);
    }
    await this.#helper?.finish();
    return this.#statuses;
  }

  /** Ends the second thread, whatever it is at. */
  async close(): Promise<void> {
    await this.#helper?.stop();
  }
}

/** Makes files and symlinks, none of which may be there, in directories that are. See `FileWriter.write`. */
export async function writeFiles(
  content: ProjectContent,
  root: string,
  files: readonly NewFile[],
): Promise<Float64Array> {
  const writer = new FileWriter(content, root, files);
  try {
    return await writer.write(() => {});
  } finally {
    await writer.close();
  }
}

async function* turnsOf(tasks: AsyncIterable<FrameTask>): AsyncGenerator<FrameTask[]> {
  let turn: FrameTask[] = [];
  let files = 0;
  for await (const task of tasks) {
    turn.push(task);
    files += task.files.length;
    if (files < filesPerTurn) continue;
    yield turn;
    turn = [];
    files = 0;
  }
  if (files > 0) yield turn;
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
    for (let at = 0; at < tasks.length; at += filesPerTurn) {
      yield { compressed, size, files: tasks.slice(at, at + filesPerTurn) };
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
    this.#worker = new Worker(new URL(`./frame-worker${extension}`, import.meta.url), {
      workerData,
      // It starts sooner without an environment of its own.
      env: SHARE_ENV,
    });
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

  take(turn: readonly FrameTask[]): void {
    this.#sent++;
    // Copies: what is sent is copied with all of the memory that it is a view of.
    const tasks = turn.map((task) => ({ ...task, compressed: Uint8Array.from(task.compressed) }));
    this.#worker.postMessage(tasks);
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
