import {
  type AttributeChange,
  type Attributes,
  accessBits,
  type Caller,
  type Cookie,
  type CreateMode,
  type FileSystem,
  type InodeNumber,
  listingStart,
  type ReadResult,
  type Time,
} from '../file-system.ts';
import { listWindow } from './list-window.ts';
import type { Operation } from './operation.ts';
import { kernelError, type Outcome, outcomeOf } from './outcome.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SeenFile } from './seen-file.ts';

const superuser: Caller = { uid: 0, gid: 0, groups: [] };
/** As many symlinks follow one another in a path. */
const symlinksMax = 40;

/** A path's last name and the directory that has it. */
interface Place {
  readonly directory: InodeNumber;
  readonly name: string;
}

/** A file system on which operations are done as the kernel's NFS client does them. */
export class VirtualSide {
  fileSystem: FileSystem;
  readonly #random: SeededRandom;
  #lent: { readonly result: ReadResult; readonly bytes: Buffer } | undefined;

  constructor(fileSystem: FileSystem, random: SeededRandom) {
    this.fileSystem = fileSystem;
    this.#random = random;
  }

  perform(operation: Operation, caller: Caller): Outcome {
    return outcomeOf(() => this.#do(operation, caller));
  }

  /** What is at `path`; undefined where nothing is. */
  see(path: string, last: 'follow' | 'stay' = 'stay'): SeenFile | undefined {
    let found: Attributes | undefined;
    const outcome = outcomeOf(() => {
      found = this.#find(superuser, path, last);
      return undefined;
    });
    return outcome.code === 'ok' && found !== undefined ? seenFile(found) : undefined;
  }

  /** The names of a directory, in the order in which they are listed, in windows of random size. */
  names(caller: Caller, directory: InodeNumber): string[] {
    const names: string[] = [];
    let cookie: Cookie = listingStart;
    for (;;) {
      const count = 1 + this.#random.below(this.#random.chance(0.1) ? 4 : 300);
      const window = listWindow(this.fileSystem, caller, directory, cookie, count);
      cookie = window.cookie;
      for (const { name } of window.listed) if (name !== '.' && name !== '..') names.push(name);
      if (window.ended) return names;
    }
  }

  read(caller: Caller, inode: InodeNumber, offset: number, count: number): Buffer {
    const result = this.fileSystem.read(caller, inode, offset, count);
    const { pieces, length, end } = result;
    const bytes = Buffer.concat(pieces);
    this.#lend(result, bytes);
    if (bytes.length !== length) throw new Error(`${bytes.length} bytes were read, said to be ${length}.`);
    if (!end && length < count) throw new Error('Fewer bytes than asked for, and not at the end.');
    return bytes;
  }

  /** Gives what was read back, or keeps it for a while: then nobody may write into it meanwhile. */
  #lend(result: ReadResult, bytes: Buffer): void {
    if (this.#lent !== undefined && !Buffer.concat(this.#lent.result.pieces).equals(this.#lent.bytes)) {
      throw new Error('What was read, and not given back, has changed.');
    }
    if (this.#random.chance(0.9)) {
      result.release?.();
      return;
    }
    this.#lent?.result.release?.();
    this.#lent = { result, bytes };
  }

  #do(operation: Operation, caller: Caller): Outcome['value'] | undefined {
    const fs = this.fileSystem;
    const { path } = operation;
    switch (operation.kind) {
      case 'create':
        this.#create(operation, caller);
        return;
      case 'write': {
        const { inode } = this.#open(caller, path, 'write');
        fs.write(caller, inode, operation.offset, this.#inPieces(operation.bytes));
        return;
      }
      case 'append': {
        const { inode, size } = this.#open(caller, path, 'write');
        fs.write(caller, inode, size, this.#inPieces(operation.bytes));
        return;
      }
      case 'truncate': {
        const { inode } = this.#open(caller, path, 'write');
        fs.setAttributes(caller, inode, { size: operation.size });
        return;
      }
      case 'read': {
        const { inode } = this.#open(caller, path, 'read');
        return this.read(caller, inode, operation.offset, operation.count);
      }
      case 'list': {
        const { inode, type } = this.#find(caller, path, 'follow');
        if (type !== 'directory') throw kernelError('ENOTDIR');
        if (fs.access(caller, inode, accessBits.read) === 0) throw kernelError('EACCES');
        return this.names(caller, inode).sort();
      }
      case 'readLink':
        return Buffer.from(fs.readLink(this.#find(caller, path).inode));
      case 'changeMode':
        fs.setAttributes(caller, this.#find(caller, path).inode, { mode: operation.mode });
        return;
      case 'changeOwner': {
        const change: AttributeChange = {
          ...(operation.uid === -1 ? {} : { uid: operation.uid }),
          ...(operation.gid === -1 ? {} : { gid: operation.gid }),
        };
        fs.setAttributes(caller, this.#find(caller, path).inode, change);
        return;
      }
      case 'setTimes': {
        const [accessed, modified] = [atSecond(operation.accessed), atSecond(operation.modified)];
        fs.setAttributes(caller, this.#find(caller, path).inode, { accessed, modified });
        return;
      }
      default:
        this.#changeNames(operation, caller);
        return;
    }
  }

  #changeNames(
    operation: Exclude<Operation, { kind: 'create' | 'write' | 'append' | 'truncate' | 'read' | 'list' }>,
    caller: Caller,
  ): void {
    const fs = this.fileSystem;
    if (operation.kind === 'link') {
      const { inode } = this.#find(caller, operation.path);
      const to = this.#place(caller, operation.to);
      fs.link(caller, inode, to.directory, to.name);
      return;
    }
    const { directory, name } = this.#place(caller, operation.path);
    switch (operation.kind) {
      case 'makeDirectory':
        // The kernel lets nobody ask for more.
        fs.makeDirectory(caller, directory, name, { mode: operation.mode & 0o1777 });
        return;
      case 'removeDirectory':
        fs.removeDirectory(caller, directory, name);
        return;
      case 'remove':
        fs.remove(caller, directory, name);
        return;
      case 'rename': {
        const to = this.#place(caller, operation.to);
        this.#requireNoTrap(caller, { directory, name }, to);
        fs.rename(caller, directory, name, to.directory, to.name);
        return;
      }
      case 'makeSymlink':
        fs.makeSymlink(caller, directory, name, Buffer.from(operation.target, 'latin1'), {});
        return;
      case 'makeFifo':
        fs.makeSpecial(caller, directory, name, { type: 'fifo' }, { mode: operation.mode });
        return;
      default:
        throw new Error(`${operation.kind} changes no names.`);
    }
  }

  #create({ path, how, mode }: Operation & { kind: 'create' }, caller: Caller): void {
    const fs = this.fileSystem;
    const { directory, name } = this.#place(caller, path);
    if (how === 'exclusive') {
      const verifier = Buffer.alloc(8, this.#random.below(256));
      const attempt: CreateMode = { how, verifier };
      const { inode } = fs.create(caller, directory, name, attempt);
      // An answer may get lost, and the call be repeated.
      if (this.#random.chance(0.2) && fs.create(caller, directory, name, attempt).inode !== inode) {
        throw new Error('A repeated exclusive create made another file.');
      }
      fs.setAttributes(caller, inode, { mode, accessed: 'now', modified: 'now' });
      return;
    }
    if (how === 'guarded') {
      fs.create(caller, directory, name, { how, attributes: { mode } });
      return;
    }
    const size = how === 'truncating' ? { size: 0 } : {};
    const existing = outcomeOf(() => {
      this.#open(caller, path, 'write', 'create');
      return undefined;
    });
    if (existing.code !== 'ok' && existing.code !== 'ENOENT') throw kernelError(existing.code);
    fs.create(caller, directory, name, { how: 'unchecked', attributes: { mode, ...size } });
  }

  /** The kernel sees by itself that a name is to be given to a directory that it is in. */
  #requireNoTrap(caller: Caller, from: Place, to: Place): void {
    const fs = this.fileSystem;
    if (from.directory === to.directory) return;
    fs.lookup(caller, from.directory, from.name);
    for (let at = from.directory; at !== fs.root; at = fs.lookup(superuser, at, '..').inode) {
      const isThere = outcomeOf(() => {
        if (fs.lookup(superuser, to.directory, to.name).inode !== at) throw kernelError('ENOENT');
        return undefined;
      });
      if (isThere.code === 'ok') throw kernelError('ENOTEMPTY');
    }
  }

  /** As an open does, before anything is read or written. */
  #open(caller: Caller, path: string, to: 'read' | 'write', also?: 'create'): Attributes {
    const found = this.#find(caller, path);
    if (found.type === 'symlink') throw kernelError('ELOOP');
    if (found.type === 'directory' && (to === 'write' || also === 'create')) throw kernelError('EISDIR');
    const bit = accessBits[to];
    if (this.fileSystem.access(caller, found.inode, bit) !== bit) throw kernelError('EACCES');
    return found;
  }

  /** What a path leads to; a symlink at its end is followed only on demand. */
  #find(caller: Caller, path: string, last: 'follow' | 'stay' = 'stay'): Attributes {
    const left = { symlinks: symlinksMax };
    return this.#walk(caller, this.fileSystem.root, path, last, left);
  }

  #place(caller: Caller, path: string): Place {
    const slash = path.lastIndexOf('/');
    const left = { symlinks: symlinksMax };
    const above = this.#walk(caller, this.fileSystem.root, path.slice(0, Math.max(slash, 0)), 'follow', left);
    if (above.type !== 'directory') throw kernelError('ENOTDIR');
    if (this.fileSystem.access(caller, above.inode, accessBits.execute) === 0) throw kernelError('EACCES');
    return { directory: above.inode, name: path.slice(slash + 1) };
  }

  #walk(
    caller: Caller,
    from: InodeNumber,
    path: string,
    last: 'follow' | 'stay',
    left: { symlinks: number },
  ): Attributes {
    const fs = this.fileSystem;
    let at = fs.attributes(from);
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    for (const [index, name] of names.entries()) {
      const directory = at.inode;
      at = fs.lookup(caller, directory, name);
      if (at.type !== 'symlink' || (index === names.length - 1 && last === 'stay')) continue;
      if (left.symlinks-- === 0) throw kernelError('ELOOP');
      const target = Buffer.from(fs.readLink(at.inode)).toString('latin1');
      at = this.#walk(caller, directory, target, 'follow', left);
      if (target.endsWith('/') && at.type !== 'directory') throw kernelError('ENOTDIR');
    }
    return at;
  }

  /** Bytes as they come over a wire: cut anywhere. */
  #inPieces(bytes: Buffer): Buffer[] {
    const cut = this.#random.below(bytes.length + 1);
    return this.#random.chance(0.5) ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)];
  }
}

export function seenFile(attributes: Attributes): SeenFile {
  const { inode, type, mode, links, uid, gid, size } = attributes;
  const accessed = nanoseconds(attributes.accessed);
  const modified = nanoseconds(attributes.modified);
  const changed = nanoseconds(attributes.changed);
  return { inode, type, mode, links, uid, gid, size, accessed, modified, changed };
}

function nanoseconds({ seconds, nanoseconds: rest }: Time): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}

function atSecond(seconds: number): Time {
  return { seconds, nanoseconds: 0 };
}
