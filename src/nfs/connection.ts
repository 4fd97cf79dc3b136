import type { Socket } from 'node:net';
import { Batch, type BatchSurroundings, type HeldCall } from './batch.ts';
import type { NfsLimits } from './limits.ts';
import { nfsError } from './nfs-error.ts';
import { RecordStream } from './rpc/record-stream.ts';
import type { XdrReader } from './xdr/reader.ts';

/** Bytes of replies that are gathered before they are sent. */
const batchBytesMax = 1024 * 1024;

/**
 * One client's connection. What comes is cut into records, carried out at once and answered together; calls that have
 * to wait are answered later, while others go on. A client that does not take its answers is not listened to.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #surroundings: BatchSurroundings;
  readonly #limits: NfsLimits;
  readonly #records: RecordStream;
  readonly #batch: Batch;
  /** Calls that wait for something. */
  #inFlight = 0;
  #paused = false;
  #closing = false;
  #finishing = false;

  /** What `sweep` compares with. */
  #recordsReceived = 0;
  #recordsSeen = 0;
  #sentSeen = 0;
  #idleSweeps = 0;

  /** `address` is the client's, without its port. */
  constructor(socket: Socket, address: string, surroundings: BatchSurroundings, limits: NfsLimits) {
    this.#socket = socket;
    this.#surroundings = surroundings;
    this.#limits = limits;
    this.#records = new RecordStream(limits);
    this.#batch = new Batch(surroundings, address, (reply) => this.#send([reply]));
    socket.on('data', (chunk: Buffer) => {
      surroundings.metrics.bytesIn += chunk.length;
      this.#records.push(chunk);
      this.#safely(() => this.#serve());
    });
    socket.on('drain', () => this.#safely(() => this.#serve()));
    // What went wrong with a connection is its client's business: it connects again. 'close' follows.
    socket.on('error', () => {});
  }

  /** Sends what is ready, waits for calls under way, and closes the connection. */
  close(): void {
    this.#closing = true;
    this.#pause();
    if (this.#inFlight === 0) this.#socket.destroySoon();
  }

  /** Closes the connection, whatever is under way. */
  drop(): void {
    this.#socket.destroy();
  }

  /**
   * Called from time to time. Closes a connection that owes us something (a first call, the rest of a record, taking its
   * replies), and has not moved for some calls.
   */
  sweep(): void {
    const sent = this.#socket.bytesWritten - this.#socket.writableLength;
    const owesRecord =
      this.#inFlight === 0 &&
      (this.#recordsReceived === 0 || this.#records.withinRecord) &&
      this.#recordsReceived === this.#recordsSeen;
    const owesTaking = this.#socket.writableLength > 0 && sent === this.#sentSeen;
    this.#recordsSeen = this.#recordsReceived;
    this.#sentSeen = sent;
    this.#idleSweeps = owesRecord || owesTaking ? this.#idleSweeps + 1 : 0;
    if (this.#idleSweeps >= this.#limits.idleSweepsMax) this.#refuse();
  }

  /** Carries out the calls that are there, until there are no more, or the client has to wait. */
  #serve(): void {
    if (this.#closing || this.#socket.destroyed) return;
    for (;;) {
      let record: XdrReader | undefined;
      while (!this.#isFull() && this.#batch.length < batchBytesMax) {
        record = this.#receive();
        if (record === undefined) break;
      }
      this.#finish();
      if (this.#socket.destroyed) return;
      if (this.#isFull()) {
        this.#pause();
        return;
      }
      if (record === undefined) {
        this.#listen();
        return;
      }
    }
  }

  /** Carries out the next call, if there is one. */
  #receive(): XdrReader | undefined {
    try {
      const record = this.#records.next();
      if (record !== undefined) {
        this.#recordsReceived++;
        this.#batch.receive(record);
      }
      return record;
    } catch (error) {
      if (error !== nfsError('nfs/record-refused')) throw error;
      this.#finish();
      this.#refuse();
      return undefined;
    }
  }

  /** A fault of ours ends this connection, and no other. */
  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#surroundings.onError(error, 'nfs.connection');
      this.#refuse();
    }
  }

  #isFull(): boolean {
    return (
      this.#socket.writableLength > this.#limits.replyBytesWaitingMax ||
      this.#inFlight + this.#batch.held >= this.#limits.callsInFlightMax
    );
  }

  #pause(): void {
    if (!this.#paused) this.#socket.pause();
    this.#paused = true;
  }

  #listen(): void {
    if (this.#paused) this.#socket.resume();
    this.#paused = false;
  }

  /** Sends the replies of the batch, and sees to the calls that wait. */
  #finish(): void {
    const replies = this.#batch.finish();
    this.#send(replies, this.#batch.takeWhenSent());
    if (this.#batch.held === 0) return;
    for (const held of this.#batch.takeHeld()) {
      this.#inFlight++;
      held.ready.then(
        () => this.#resume(held),
        (reason: unknown) => this.#abandon(held, reason),
      );
    }
  }

  #resume(held: HeldCall): void {
    this.#safely(() => this.#batch.resume(held));
    this.#goOn();
  }

  #abandon(held: HeldCall, reason: unknown): void {
    this.#safely(() => this.#batch.abandon(held, reason));
    this.#goOn();
  }

  /** Answers together what has become ready together. */
  #goOn(): void {
    this.#inFlight--;
    if (this.#finishing) return;
    this.#finishing = true;
    queueMicrotask(() => {
      this.#finishing = false;
      this.#safely(() => {
        this.#finish();
        if (this.#closing && this.#inFlight === 0) this.#socket.destroySoon();
        else this.#serve();
      });
    });
  }

  #send(segments: readonly Uint8Array[], whenSent: readonly (() => void)[] = []): void {
    const socket = this.#socket;
    if (segments.length === 0 || socket.destroyed) return;
    if (segments.length > 1) socket.cork();
    for (const [i, segment] of segments.entries()) {
      this.#surroundings.metrics.bytesOut += segment.length;
      if (i < segments.length - 1 || whenSent.length === 0) socket.write(segment);
      else socket.write(segment, () => callAll(whenSent));
    }
    if (segments.length > 1) socket.uncork();
  }

  #refuse(): void {
    this.#surroundings.metrics.connectionsDropped++;
    this.#socket.destroy();
  }
}

function callAll(calls: readonly (() => void)[]): void {
  for (const call of calls) call();
}
