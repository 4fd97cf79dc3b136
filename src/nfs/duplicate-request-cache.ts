import { hash } from 'node:crypto';

/** Connections that may wait for the answer of one call. */
const waitingMax = 8;

/** Names a call: the address that it came from, and a hash of all its bytes. */
export type RequestKey = string & { readonly RequestKey: unique symbol };

interface Request {
  /** Undefined while the call is under way. */
  reply: Buffer | undefined;
  readonly waiting: ((reply: Buffer) => void)[];
}

/**
 * Remembers what was answered to calls that must not be carried out twice. A client that lost its connection sends its
 * calls again, over another one, from another port, with the same bytes: it gets the same answer.
 *
 * The key has a hash of the whole call, its credentials and handles included: who can send those bytes may as well make
 * the call. The oldest are forgotten when there are too many, or too many bytes of answers.
 */
export class DuplicateRequestCache {
  readonly #requestsMax: number;
  readonly #bytesMax: number;
  /** Oldest first. */
  readonly #requests = new Map<RequestKey, Request>();
  #bytes = 0;

  constructor(requestsMax: number, bytesMax: number) {
    this.#requestsMax = requestsMax;
    this.#bytesMax = bytesMax;
  }

  /** The key of the call that is `record`, sent from `address` (without its port). */
  static key(address: string, record: Uint8Array): RequestKey {
    return `${address} ${hash('sha256', record, 'base64')}` as RequestKey;
  }

  get size(): number {
    return this.#requests.size;
  }

  /** Bytes of the answers that are remembered. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Begins a call, or says how it stands with one that began before: its answer, or `waiting` where it is still under way:
   * then `answer` is called with it.
   */
  begin(key: RequestKey, answer: (reply: Buffer) => void): 'begun' | 'waiting' | Buffer {
    const request = this.#requests.get(key);
    if (request === undefined) {
      this.#requests.set(key, { reply: undefined, waiting: [] });
      this.#trim();
      return 'begun';
    }
    if (request.reply !== undefined) return request.reply;
    if (request.waiting.length < waitingMax) request.waiting.push(answer);
    return 'waiting';
  }

  /** The call has been answered, and is to be answered so again. */
  end(key: RequestKey, reply: Buffer): void {
    const request = this.#requests.get(key);
    if (request === undefined) return;
    request.reply = reply;
    this.#bytes += reply.length;
    for (const answer of request.waiting.splice(0)) answer(reply);
    this.#trim();
  }

  /** The call was not carried out: should it come again, it is another one. */
  forget(key: RequestKey, reply: Buffer): void {
    const request = this.#requests.get(key);
    this.#requests.delete(key);
    for (const answer of request?.waiting ?? []) answer(reply);
  }

  #trim(): void {
    for (const [key, request] of this.#requests) {
      if (this.#requests.size <= this.#requestsMax && this.#bytes <= this.#bytesMax) return;
      this.#requests.delete(key);
      this.#bytes -= request.reply?.length ?? 0;
    }
  }
}
