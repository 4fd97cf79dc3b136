import type {
  AttributeChange,
  Attributes,
  Caller,
  Cookie,
  CreateMode,
  FileSystem,
  InodeNumber,
  ListedName,
  ReadResult,
  SpecialNode,
  Statistics,
  Time,
} from '../../vfs/file-system.ts';
import type { SessionLease } from './session-lease.ts';

/**
 * The files of a session as clients get them: they change only while this machine has the session's lease, and can be
 * read in any case.
 */
export class LeasedFileSystem implements FileSystem {
  readonly root: InodeNumber;
  readonly #files: FileSystem;
  readonly #lease: Pick<SessionLease, 'isLost' | 'beforeChange'>;

  constructor(files: FileSystem, lease: Pick<SessionLease, 'isLost' | 'beforeChange'>) {
    this.root = files.root;
    this.#files = files;
    this.#lease = lease;
  }

  get mode(): FileSystem['mode'] {
    return this.#lease.isLost ? 'read-only' : this.#files.mode;
  }

  get writeVerifier(): Uint8Array {
    return this.#files.writeVerifier;
  }

  attributes(inode: InodeNumber): Attributes {
    return this.#files.attributes(inode);
  }

  setAttributes(caller: Caller, inode: InodeNumber, change: AttributeChange, guard?: Time): Attributes {
    this.#lease.beforeChange();
    return this.#files.setAttributes(caller, inode, change, guard);
  }

  access(caller: Caller, inode: InodeNumber, wanted: number): number {
    return this.#files.access(caller, inode, wanted);
  }

  lookup(caller: Caller, directory: InodeNumber, name: string): Attributes {
    return this.#files.lookup(caller, directory, name);
  }

  readLink(inode: InodeNumber): Uint8Array {
    return this.#files.readLink(inode);
  }

  read(caller: Caller, inode: InodeNumber, offset: number, count: number): ReadResult {
    return this.#files.read(caller, inode, offset, count);
  }

  write(caller: Caller, inode: InodeNumber, offset: number, pieces: readonly Uint8Array[]): Attributes {
    this.#lease.beforeChange();
    return this.#files.write(caller, inode, offset, pieces);
  }

  create(caller: Caller, directory: InodeNumber, name: string, mode: CreateMode): Attributes {
    this.#lease.beforeChange();
    return this.#files.create(caller, directory, name, mode);
  }

  makeDirectory(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    attributes: AttributeChange,
  ): Attributes {
    this.#lease.beforeChange();
    return this.#files.makeDirectory(caller, directory, name, attributes);
  }

  makeSymlink(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    target: Uint8Array,
    attributes: AttributeChange,
  ): Attributes {
    this.#lease.beforeChange();
    return this.#files.makeSymlink(caller, directory, name, target, attributes);
  }

  makeSpecial(
    caller: Caller,
    directory: InodeNumber,
    name: string,
    node: SpecialNode,
    attributes: AttributeChange,
  ): Attributes {
    this.#lease.beforeChange();
    return this.#files.makeSpecial(caller, directory, name, node, attributes);
  }

  remove(caller: Caller, directory: InodeNumber, name: string): void {
    this.#lease.beforeChange();
    this.#files.remove(caller, directory, name);
  }

  removeDirectory(caller: Caller, directory: InodeNumber, name: string): void {
    this.#lease.beforeChange();
    this.#files.removeDirectory(caller, directory, name);
  }

  rename(
    caller: Caller,
    fromDirectory: InodeNumber,
    fromName: string,
    toDirectory: InodeNumber,
    toName: string,
  ): void {
    this.#lease.beforeChange();
    this.#files.rename(caller, fromDirectory, fromName, toDirectory, toName);
  }

  link(caller: Caller, inode: InodeNumber, directory: InodeNumber, name: string): Attributes {
    this.#lease.beforeChange();
    return this.#files.link(caller, inode, directory, name);
  }

  list(
    caller: Caller,
    directory: InodeNumber,
    after: Cookie,
    take: (listed: ListedName) => boolean,
  ): 'end' | 'more' {
    return this.#files.list(caller, directory, after, take);
  }

  statistics(): Statistics {
    return this.#files.statistics();
  }

  flush(): void {
    this.#files.flush();
  }

  sync(): Promise<void> {
    return this.#files.sync();
  }
}
