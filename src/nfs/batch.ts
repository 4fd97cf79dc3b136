import type { FileSystem } from '../vfs/file-system.ts';
import { fileSystemError, NotResident } from '../vfs/file-system-error.ts';
import { Call, type CallSurroundings } from './call.ts';
import { DuplicateRequestCache } from './duplicate-request-cache.ts';
import { isEveryday, writeFailure } from './failure-reply.ts';
import { residentAttemptsMax } from './limits.ts';
import type { NfsMetrics } from './metrics.ts';
import { mountProgram } from './mount/program.ts';
import { nfsError } from './nfs-error.ts';
import type { Continuation } from './procedure.ts';
import { nfsProgram } from './procedures/program.ts';
import { readCallHeader } from './rpc/call-header.ts';
import {
  acceptStatus,
  writeProgramMismatch,
  writeRefusal,
  writeRejection,
  writeSuccess,
} from './rpc/reply.ts';
import { statusOf } from './status.ts';
import type { XdrReader } from './xdr/reader.ts';
import { copyOfSegments } from './xdr/segments.ts';
import { type WriterMark, XdrWriter } from './xdr/writer.ts';

/** What a batch needs of the server. */
export interface BatchSurroundings extends CallSurroundings {
  readonly duplicates: DuplicateRequestCache;
  readonly metrics: NfsMetrics;
  /** Told of what is wrong with us, not with the call: `doing` is the procedure. */
  readonly onError: (error: unknown, doing: string) => void;
}

/** A call that has to wait. When `ready` has ended, it is handed to `resume`; when it has failed, to `abandon`. */
export interface HeldCall {
  readonly call: Call;
  readonly ready: Promise<unknown>;
  /** Undefined where the call has to run again from its beginning. */
  readonly continuation: Continuation | undefined;
}

/** A call whose results are to be written when its file system has synced. */
interface SyncingCall {
  readonly call: Call;
  readonly continuation: Continuation;
}

/**
 * The calls that came together over one connection, and their replies, which leave together. A reply to a call that
 * changed something leaves only when its file system has flushed.
 */
export class Batch {
  readonly #surroundings: BatchSurroundings;
  readonly #address: string;
  readonly #sendLater: (reply: Buffer) => void;
  readonly #writer = new XdrWriter();
  /** What was answered, in the order of the replies, and where each reply ends. No call: nothing that could change. */
  #answered: (Call | undefined)[] = [];
  #ends: number[] = [];
  #changed: FileSystem[] = [];
  #hasRemembered = false;
  #whenSent: (() => void)[] = [];
  #held: HeldCall[] = [];
  #syncing: SyncingCall[] = [];

  /** `address` is the client's, without its port. `sendLater` is given answers that another connection's call has got. */
  constructor(surroundings: BatchSurroundings, address: string, sendLater: (reply: Buffer) => void) {
    this.#surroundings = surroundings;
    this.#address = address;
    this.#sendLater = sendLater;
  }

  /** Bytes of the replies so far. */
  get length(): number {
    return this.#writer.length;
  }

  /** How many calls of the batch have to wait. */
  get held(): number {
    return this.#held.length + this.#syncing.length;
  }

  /** Carries out the call of a record. Throws `nfs/record-refused` for what is no call. */
  receive(record: XdrReader): void {
    const header = readCallHeader(record);
    if (header.kind !== 'call') {
      this.#refuse(() => writeRejection(this.#writer, header));
      return;
    }
    const { xid, version } = header;
    const program = programOf(header.program);
    if (program === undefined) {
      this.#refuse(() => writeRefusal(this.#writer, xid, acceptStatus.programUnavailable));
      return;
    }
    if (program.version !== version) {
      this.#refuse(() => writeProgramMismatch(this.#writer, xid, program.version));
      return;
    }
    const procedure = program.procedures[header.procedure];
    if (procedure === undefined) {
      this.#refuse(() => writeRefusal(this.#writer, xid, acceptStatus.procedureUnavailable));
      return;
    }
    this.#surroundings.metrics.count(procedure.name);
    const call = new Call(xid, procedure, header.caller, record, this.#writer, this.#surroundings);
    if (procedure.repeated === 'harmless' || !this.#isDuplicate(call)) this.#run(call);
  }

  /** Goes on with a call that has waited. */
  resume({ call, continuation }: HeldCall): void {
    if (continuation === undefined) {
      call.reset();
      this.#run(call);
      return;
    }
    const start = this.#begin(call);
    try {
      continuation.finish();
    } catch (error) {
      this.#writer.goBack(start);
      this.#fail(call, error);
      return;
    }
    this.#end(start, call);
  }

  /** Answers a call that has waited in vain. */
  abandon({ call }: HeldCall, reason: unknown): void {
    if (!isEveryday(reason)) this.#surroundings.onError(reason, call.procedure.name);
    this.#undo(call, statusOf(reason) === undefined ? fileSystemError('file-system/io') : reason);
  }

  /** Flushes what was changed and hands out the replies: with errors instead, where it could not be flushed. */
  finish(): readonly Uint8Array[] {
    if (this.#changed.length > 0) this.#flush();
    const segments = this.#writer.take();
    if (this.#hasRemembered) this.#remember(segments);
    this.#answered.length = 0;
    this.#ends.length = 0;
    return segments;
  }

  /** Hands out what is to be called when the replies that `finish` gave have left. */
  takeWhenSent(): readonly (() => void)[] {
    if (this.#whenSent.length === 0) return this.#whenSent;
    const whenSent = this.#whenSent;
    this.#whenSent = [];
    return whenSent;
  }

  /** Hands out the calls that wait, once `finish` has flushed. File systems that are to sync begin to. */
  takeHeld(): readonly HeldCall[] {
    const held = this.#held;
    const syncs = new Map<FileSystem, Promise<void>>();
    for (const { call, continuation } of this.#syncing) {
      const ready = syncs.get(call.fileSystem) ?? startSync(call.fileSystem);
      syncs.set(call.fileSystem, ready);
      held.push({ call, continuation, ready });
    }
    this.#held = [];
    this.#syncing = [];
    return held;
  }

  #run(call: Call): void {
    const start = this.#begin(call);
    let continuation: Continuation | undefined;
    try {
      continuation = call.procedure.run(call);
    } catch (error) {
      this.#writer.goBack(start);
      this.#noteChange(call);
      if (error instanceof NotResident) this.#wait(call, error);
      else this.#fail(call, error);
      return;
    }
    this.#noteChange(call);
    if (continuation === undefined) {
      this.#end(start, call);
      return;
    }
    this.#writer.goBack(start);
    if (continuation.waitFor === 'sync') this.#syncing.push({ call, continuation });
    else this.#held.push({ call, continuation, ready: continuation.waitFor });
  }

  /** A call that failed counts too: where the disk failed it half-way, flushing is what undoes the rest. */
  #noteChange(call: Call): void {
    const fileSystem = call.subjectFileSystem;
    if (call.procedure.effect !== 'changes' || fileSystem === undefined) return;
    if (!this.#changed.includes(fileSystem)) this.#changed.push(fileSystem);
  }

  #wait(call: Call, { ready }: NotResident): void {
    call.attempts++;
    if (call.attempts < residentAttemptsMax) {
      this.#held.push({ call, ready, continuation: undefined });
    } else {
      // Should it fail, the client hears of it when it comes again.
      ready.catch(() => {});
      this.#undo(call, nfsError('nfs/busy'));
    }
  }

  /** True for a call that is, or was, carried out already: then its answer has been written, or will come. */
  #isDuplicate(call: Call): boolean {
    const key = DuplicateRequestCache.key(this.#address, call.arguments.record());
    const found = this.#surroundings.duplicates.begin(key, this.#sendLater);
    if (found === 'begun') {
      call.requestKey = key;
      return false;
    }
    this.#surroundings.metrics.duplicates++;
    if (found !== 'waiting') {
      this.#writer.raw(found);
      this.#answer(undefined);
    }
    return true;
  }

  #begin(call: Call): WriterMark {
    const start = this.#writer.beginRecord();
    writeSuccess(this.#writer, call.xid);
    return start;
  }

  #end(start: WriterMark, call: Call | undefined): void {
    this.#writer.endRecord(start);
    this.#answer(call);
  }

  #answer(call: Call | undefined): void {
    if (call?.whenSent !== undefined) this.#whenSent.push(call.whenSent);
    this.#answered.push(call);
    this.#ends.push(this.#writer.length);
    if (call?.requestKey !== undefined) this.#hasRemembered = true;
  }

  #refuse(write: () => void): void {
    this.#surroundings.metrics.refused++;
    const start = this.#writer.beginRecord();
    write();
    this.#end(start, undefined);
  }

  #fail(call: Call, error: unknown): void {
    const start = this.#writer.beginRecord();
    writeFailure(this.#writer, call, error, this.#surroundings);
    this.#end(start, call);
  }

  /** Flushes. What was done since the last time is undone in a file system that cannot: its calls are told so. */
  #flush(): void {
    const failures = new Map<FileSystem, unknown>();
    for (const fileSystem of this.#changed) {
      try {
        fileSystem.flush();
      } catch (error) {
        if (!isEveryday(error)) this.#surroundings.onError(error, 'nfs.flush');
        failures.set(fileSystem, error);
      }
    }
    this.#changed.length = 0;
    if (failures.size > 0) this.#rewrite(failures);
  }

  #rewrite(failures: ReadonlyMap<FileSystem, unknown>): void {
    const written = Buffer.concat(this.#writer.take());
    const answered = this.#answered;
    const ends = this.#ends;
    this.#answered = [];
    this.#ends = [];
    answered.forEach((call, i) => {
      const fileSystem = call?.subjectFileSystem;
      if (call !== undefined && fileSystem !== undefined && failures.has(fileSystem)) {
        this.#undo(call, failures.get(fileSystem));
      } else {
        this.#writer.raw(written.subarray(i === 0 ? 0 : ends[i - 1], ends[i]));
        this.#answer(call);
      }
    });
    for (const { call } of this.#syncing.filter(({ call }) => failures.has(call.fileSystem)))
      this.#undo(call, failures.get(call.fileSystem));
    this.#syncing = this.#syncing.filter(({ call }) => !failures.has(call.fileSystem));
  }

  #undo(call: Call, error: unknown): void {
    call.outcome = 'undone';
    this.#fail(call, error);
  }

  #remember(segments: readonly Uint8Array[]): void {
    this.#hasRemembered = false;
    const { duplicates } = this.#surroundings;
    this.#answered.forEach((call, i) => {
      if (call?.requestKey === undefined) return;
      const reply = copyOfSegments(segments, i === 0 ? 0 : this.#ends[i - 1]!, this.#ends[i]!);
      if (call.outcome === 'undone') duplicates.forget(call.requestKey, reply);
      else duplicates.end(call.requestKey, reply);
    });
  }
}

function programOf(number: number): typeof nfsProgram | undefined {
  if (number === nfsProgram.number) return nfsProgram;
  return number === mountProgram.number ? mountProgram : undefined;
}

/** A `sync` that throws before it has a promise fails like one that fails later. */
async function startSync(fileSystem: FileSystem): Promise<void> {
  await fileSystem.sync();
}
