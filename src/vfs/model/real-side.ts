import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { Caller } from '../file-system.ts';
import type { Operation } from './operation.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { SeenFile } from './seen-file.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
/** Neither follows a symlink nor waits for the other end of a FIFO. */
const plainly = O_NOFOLLOW | O_NONBLOCK;

const createFlags = {
  guarded: O_CREAT | O_EXCL | O_WRONLY,
  exclusive: O_CREAT | O_EXCL | O_WRONLY,
  unchecked: O_CREAT | O_WRONLY | plainly,
  truncating: O_CREAT | O_TRUNC | O_WRONLY | plainly,
} as const;

/** A directory of this machine, on which operations are done as its kernel does them. */
export class RealSide {
  readonly #root: string;
  #caller: Caller | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Does an operation as `caller`, who must be this process unless that is the superuser's. */
  perform(operation: Operation, caller: Caller): Outcome {
    this.#become(caller);
    try {
      return outcomeOf(() => this.#do(operation));
    } finally {
      this.#return();
    }
  }

  /** What is at `path`; undefined where nothing is, or where it cannot be got at. */
  see(path: string): SeenFile | undefined {
    try {
      const stat = lstatSync(this.#path(path), { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) return undefined;
      return {
        inode: Number(stat.ino),
        type: typeOf(stat),
        mode: Number(stat.mode & 0o7777n),
        links: Number(stat.nlink),
        uid: Number(stat.uid),
        gid: Number(stat.gid),
        size: Number(stat.size),
        accessed: stat.atimeNs,
        modified: stat.mtimeNs,
        changed: stat.ctimeNs,
      };
    } catch {
      // A loop of symlinks, a name that is too long: nothing that a path leads to.
      return undefined;
    }
  }

  names(path: string): string[] {
    return readdirSync(this.#path(path), 'buffer').map((name) => name.toString('latin1'));
  }

  read(path: string, offset: number, count: number): Buffer {
    return this.#withFile(path, O_RDONLY | plainly, (file) => {
      const bytes = Buffer.alloc(count);
      let done = 0;
      while (done < count) {
        const length = readSync(file, bytes, done, count - done, offset + done);
        if (length === 0) break;
        done += length;
      }
      return bytes.subarray(0, done);
    });
  }

  readLink(path: string): Buffer {
    return readlinkSync(this.#path(path), 'buffer');
  }

  #do(operation: Operation): Outcome['value'] | undefined {
    const path = this.#path(operation.path);
    switch (operation.kind) {
      case 'create':
        closeSync(openSync(path, createFlags[operation.how], operation.mode));
        return;
      case 'write':
        this.#withFile(operation.path, O_WRONLY | plainly, (file) =>
          writeAll(file, operation.bytes, operation.offset),
        );
        return;
      case 'append':
        this.#withFile(operation.path, O_WRONLY | O_APPEND | plainly, (file) =>
          writeAll(file, operation.bytes, null),
        );
        return;
      case 'truncate':
        this.#withFile(operation.path, O_WRONLY | plainly, (file) => ftruncateSync(file, operation.size));
        return;
      case 'read':
        return this.read(operation.path, operation.offset, operation.count);
      case 'makeDirectory':
        mkdirSync(path, { mode: operation.mode });
        return;
      case 'removeDirectory':
        rmdirSync(path);
        return;
      case 'remove':
        unlinkSync(path);
        return;
      case 'rename':
        renameSync(path, this.#path(operation.to));
        return;
      case 'link':
        linkSync(path, this.#path(operation.to));
        return;
      case 'makeSymlink':
        symlinkSync(operation.target, path);
        return;
      case 'makeFifo':
        // Node has no call for it.
        spawnSync('mkfifo', ['-m', operation.mode.toString(8), path.toString()]);
        return;
      case 'readLink':
        return this.readLink(operation.path);
      case 'changeMode':
        chmodSync(path, operation.mode);
        return;
      case 'changeOwner':
        lchownSync(path, operation.uid, operation.gid);
        return;
      case 'setTimes':
        lutimesSync(path, operation.accessed, operation.modified);
        return;
      case 'list':
        return this.names(operation.path).sort();
    }
  }

  #withFile<Result>(path: string, flags: number, work: (file: number) => Result): Result {
    const file = openSync(this.#path(path), flags);
    try {
      return work(file);
    } finally {
      closeSync(file);
    }
  }

  #path(path: string): Buffer {
    return Buffer.from(path === '' ? this.#root : `${this.#root}/${path}`, 'latin1');
  }

  #become(caller: Caller): void {
    if (caller.uid === process.geteuid!()) return;
    this.#caller = caller;
    process.setgroups!([...caller.groups]);
    process.setegid!(caller.gid);
    process.seteuid!(caller.uid);
  }

  #return(): void {
    if (this.#caller === undefined) return;
    this.#caller = undefined;
    process.seteuid!(0);
    process.setegid!(0);
    process.setgroups!([0]);
  }
}

function writeAll(file: number, bytes: Buffer, position: number | null): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position === null ? null : position + done);
  }
}

function typeOf(stat: {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
}): SeenFile['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  return stat.isFIFO() ? 'fifo' : 'socket';
}
