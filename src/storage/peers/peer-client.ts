import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { systemCode } from '../../base/system-error.ts';
import type { PeerAddress } from './peer-address.ts';
import { type PeerRequest, peerBytesMax, peerPath, rangeHeader } from './peer-request.ts';
import type { PeerToken } from './peer-token.ts';

/** How long a peer is waited for. */
export interface PeerPatience {
  /** Until it takes the connection, in ms. */
  readonly connectMs: number;
  /** From then until its answer begins, in ms; and as long again for each megabyte that it sends. */
  readonly answerMs: number;
}

/** What became of a request: `absent` and `busy` are answers, too. */
export type PeerAnswer =
  | { readonly outcome: 'found'; readonly bytes: Uint8Array }
  | { readonly outcome: 'absent' | 'busy' }
  | { readonly outcome: 'failed'; readonly cause: Error };

const socketsPerPeerMax = 16;
const megabyte = 1024 * 1024;

/** Asks peers. It keeps connections open, but no process alive. */
export class PeerClient {
  readonly #token: PeerToken;
  readonly #patience: PeerPatience;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: socketsPerPeerMax, maxFreeSockets: 4 });

  constructor(token: PeerToken, patience: PeerPatience) {
    this.#token = token;
    this.#patience = patience;
  }

  /** Asks one peer. Never fails, and ends when its patience does. What was found is not verified. */
  async ask(peer: PeerAddress, request: PeerRequest): Promise<PeerAnswer> {
    const answer = await this.#askOnce(peer, request);
    // A connection that was kept open may be closed by the peer just when it is used again.
    return answer === 'again' ? await this.#askAgain(peer, request) : answer;
  }

  async #askAgain(peer: PeerAddress, request: PeerRequest): Promise<PeerAnswer> {
    const answer = await this.#askOnce(peer, request);
    return answer === 'again' ? { outcome: 'failed', cause: new Error('It hangs up.') } : answer;
  }

  #askOnce(peer: PeerAddress, request: PeerRequest): Promise<PeerAnswer | 'again'> {
    const { promise, resolve } = Promise.withResolvers<PeerAnswer | 'again'>();
    const range = rangeHeader(request);
    const outgoing = httpRequest({
      ...{ host: peer.host, port: peer.port, path: peerPath(request), agent: this.#agent },
      headers: { authorization: this.#token.authorization, ...(range !== undefined && { range }) },
    });
    const deadline = new Deadline(outgoing);
    const end = (answer: PeerAnswer | 'again'): void => {
      deadline.clear();
      resolve(answer);
      if (answer !== 'again' && answer.outcome === 'failed') outgoing.destroy();
    };
    deadline.set(this.#patience.connectMs, 'it takes no connection');
    outgoing.on('socket', (socket) => {
      const connected = (): void => deadline.set(this.#patience.answerMs, 'it does not answer');
      if (socket.connecting) socket.once('connect', connected);
      else connected();
    });
    outgoing.on('error', (cause) => {
      const wasClosed = outgoing.reusedSocket && systemCode(cause) === 'ECONNRESET';
      end(wasClosed ? 'again' : { outcome: 'failed', cause });
    });
    outgoing.on('response', (response) => {
      this.#read(response, request, deadline).then(end, (cause: Error) => end({ outcome: 'failed', cause }));
    });
    outgoing.end();
    return promise;
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.#agent.destroy();
  }

  async #read(response: IncomingMessage, { range }: PeerRequest, deadline: Deadline): Promise<PeerAnswer> {
    const status = response.statusCode;
    if (status !== 200 && status !== 206) {
      // A connection that is read to its end can be used again; no end is waited for.
      if (response.headers['content-length'] === '0') response.resume();
      else response.destroy();
      if (status === 404) return { outcome: 'absent' };
      if (status === 503) return { outcome: 'busy' };
      throw new Error(`It answered ${status}.`);
    }
    const length = Number(response.headers['content-length'] ?? Number.NaN);
    const lengthMax = range === undefined ? peerBytesMax : range.end - range.start;
    if (!(length <= lengthMax))
      throw new Error('It sends more than it was asked for, or does not say how much.');
    deadline.set(this.#patience.answerMs * (1 + Math.ceil(length / megabyte)), 'it sends too slowly');
    const bytes = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for await (const piece of response as AsyncIterable<Buffer>) at += piece.copy(bytes, at);
    if (at !== length) throw new Error('It ended before all was sent.');
    return { outcome: 'found', bytes };
  }
}

/** Ends a request that takes too long. */
class Deadline {
  readonly #request: ClientRequest;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: ClientRequest) {
    this.#request = request;
  }

  /** Puts it off to `ms` from now. */
  set(ms: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#request.destroy(new Error(`Within ${ms} ms ${reason}.`)), ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
