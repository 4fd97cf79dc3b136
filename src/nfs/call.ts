import type { Attributes, Caller, FileSystem, InodeNumber } from '../vfs/file-system.ts';
import { fileSystemError, NotResident } from '../vfs/file-system-error.ts';
import { writeAttributes, writeOptionalAttributes, writeWeakConsistency } from './attributes.ts';
import type { RequestKey } from './duplicate-request-cache.ts';
import type { ExportKey, Exports } from './exports.ts';
import type { FileHandles } from './file-handle.ts';
import { pathBytesMax } from './limits.ts';
import { nfsError } from './nfs-error.ts';
import type { Procedure } from './procedure.ts';
import { readCallHeader } from './rpc/call-header.ts';
import { statusOk } from './status.ts';
import type { XdrReader } from './xdr/reader.ts';
import type { XdrWriter } from './xdr/writer.ts';

/** What a call needs of the server. */
export interface CallSurroundings {
  readonly exports: Exports;
  readonly handles: FileHandles;
}

/** A file whose attributes the reply has, also when the call fails. */
interface Subject {
  readonly inode: InodeNumber;
  readonly before: Attributes | undefined;
}

/** One call of a client: what procedures read their arguments from and write their results to. */
export class Call {
  readonly xid: number;
  readonly procedure: Procedure;
  readonly caller: Caller;
  readonly arguments: XdrReader;
  readonly reply: XdrWriter;
  readonly surroundings: CallSurroundings;
  /** How often it was run and found something missing. */
  attempts = 0;
  /** `undone`: whatever it did or would have done has not happened. Sent again, it is to be carried out. */
  outcome: 'answered' | 'undone' = 'answered';
  /** Called when the reply has left, if it is set. */
  whenSent: (() => void) | undefined = undefined;
  /** Set for a call that must not be carried out twice. */
  requestKey: RequestKey | undefined = undefined;

  #exported: ExportKey | undefined = undefined;
  #fileSystem: FileSystem | undefined = undefined;
  #subjects: Subject[] | undefined = undefined;

  constructor(
    xid: number,
    procedure: Procedure,
    caller: Caller,
    callArguments: XdrReader,
    reply: XdrWriter,
    surroundings: CallSurroundings,
  ) {
    this.xid = xid;
    this.procedure = procedure;
    this.caller = caller;
    this.arguments = callArguments;
    this.reply = reply;
    this.surroundings = surroundings;
  }

  /** The file system that the call is about; undefined before `file`. */
  get subjectFileSystem(): FileSystem | undefined {
    return this.#fileSystem;
  }

  get fileSystem(): FileSystem {
    return this.#fileSystem!;
  }

  get exported(): ExportKey {
    return this.#exported!;
  }

  /** Makes it as it was before it ran. */
  reset(): void {
    this.#exported = undefined;
    this.#fileSystem = undefined;
    this.#subjects = undefined;
    this.arguments.rewind();
    readCallHeader(this.arguments);
  }

  /** Reads a handle. All handles of a call must be of one export. */
  file(): InodeNumber {
    const { exported, inode } = this.surroundings.handles.read(this.arguments);
    if (this.#exported !== undefined) {
      if (this.#exported.id !== exported.id) throw fileSystemError('file-system/other-device');
      return inode;
    }
    const fileSystem = this.surroundings.exports.fileSystem(exported.id);
    if (fileSystem === undefined) throw nfsError('nfs/export-gone');
    if (fileSystem instanceof Promise) throw new NotResident(fileSystem);
    this.#exported = exported;
    this.#fileSystem = fileSystem;
    return inode;
  }

  /** Reads a name, or a symlink's target. */
  name(): string {
    return this.arguments.byteString(pathBytesMax);
  }

  /** Names a file whose attributes the reply has. */
  describe(inode: InodeNumber): void {
    this.#addSubject({ inode, before: undefined });
  }

  /** Names a file that is about to be changed, and keeps what it is before. */
  watch(inode: InodeNumber): void {
    this.#addSubject({ inode, before: this.fileSystem.attributes(inode) });
  }

  #addSubject(subject: Subject): void {
    if (this.#subjects === undefined) this.#subjects = [subject];
    else this.#subjects.push(subject);
  }

  /** Begins the results of a call that went well. */
  succeed(): void {
    this.reply.uint32(statusOk);
  }

  /** Writes the attributes that a file was found or made with. */
  writeAttributes(attributes: Attributes): void {
    writeAttributes(this.reply, attributes, this.exported);
  }

  /** Writes the same where they may be left out. */
  writeKnownAttributes(attributes: Attributes): void {
    writeOptionalAttributes(this.reply, attributes, this.exported);
  }

  /** Writes what the file that was named as `which` is now: `post_op_attr`. */
  writeSubject(which: number): void {
    const subject = this.#subjects?.[which];
    if (subject === undefined) this.reply.uint32(0);
    else writeOptionalAttributes(this.reply, this.#attributesNow(subject.inode), this.exported);
  }

  /** Writes what the file that was named as `which` was and is: `wcc_data`. */
  writeWeakSubject(which: number): void {
    const subject = this.#subjects?.[which];
    if (subject === undefined) {
      this.reply.uint32(0);
      this.reply.uint32(0);
    } else {
      const after = this.#attributesNow(subject.inode);
      writeWeakConsistency(this.reply, subject.before, after, this.exported);
    }
  }

  writeHandle(inode: InodeNumber): void {
    this.surroundings.handles.write(this.reply, this.exported, inode);
  }

  /** Writes the results of what makes a file: its handle, its attributes, and its directory, which was named first. */
  writeMade(made: Attributes): void {
    this.succeed();
    this.reply.uint32(1);
    this.writeHandle(made.inode);
    this.writeKnownAttributes(made);
    this.writeWeakSubject(0);
  }

  /** The work is done: nothing that goes wrong now may undo the reply, which can do without attributes. */
  #attributesNow(inode: InodeNumber): Attributes | undefined {
    try {
      return this.fileSystem.attributes(inode);
    } catch (error) {
      // Nobody waits for what is missing: that it cannot be had is the next call's business.
      if (error instanceof NotResident) error.ready.catch(() => {});
      return undefined;
    }
  }
}
