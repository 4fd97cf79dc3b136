import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ObjectKey } from '../object-store.ts';
import type { PeerAddress } from './peer-address.ts';
import { type PeerRequest, parsePeerRequest, peerBytesMax } from './peer-request.ts';
import type { PeerToken } from './peer-token.ts';

/** Requests that are answered at once; others are told to go elsewhere. */
const inFlightMax = 32;
const connectionsMax = 256;
/** How long a peer may take to send its request, or to take a piece of the answer, in ms. */
const requestMs = 5_000;
const idleMs = 30_000;
const headerBytesMax = 4096;

export interface PeerServerOptions {
  readonly listen: PeerAddress;
  readonly token: PeerToken;
  /** What is at hand of an object, or of a range of it, without asking the store or another peer. */
  readonly read: (request: PeerRequest) => Promise<Uint8Array | undefined>;
  /** True for keys that peers may have. */
  readonly isImmutable: (key: ObjectKey) => boolean;
  /** Told of what went wrong in answering. */
  readonly onProblem: (problem: Error) => void;
}

/** Gives peers what this process has at hand: `docs/formats/peers.md`. Nothing else can be asked of it. */
export class PeerServer {
  readonly #options: PeerServerOptions;
  readonly #server: Server;
  #inFlight = 0;

  private constructor(options: PeerServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        maxHeaderSize: headerBytesMax,
        headersTimeout: requestMs,
        requestTimeout: requestMs,
        keepAliveTimeout: idleMs,
        connectionsCheckingInterval: requestMs,
      },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = connectionsMax;
    this.#server.setTimeout(idleMs);
  }

  /** Starts it; throws what the system says when it cannot listen there. Port 0 is any that is free. */
  static async start(options: PeerServerOptions): Promise<PeerServer> {
    const peerServer = new PeerServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    peerServer.#server.once('error', reject);
    peerServer.#server.listen(options.listen.port, options.listen.host, resolve);
    await promise;
    peerServer.#server.on('error', options.onProblem);
    return peerServer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more requests, and ends those under way: whoever asked will ask the store. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    // Who is no peer learns nothing, not even which requests would be right.
    const isPeer = this.#options.token.admits(incoming.headers.authorization);
    const request = parsePeerRequest(incoming.url ?? '', incoming.headers.range);
    if (!isPeer) refuse(response, 401);
    else if (incoming.method !== 'GET') refuse(response, 405);
    else if (request === undefined) refuse(response, 400);
    else if (!this.#options.isImmutable(request.key)) end(response, 404);
    else if (this.#inFlight >= inFlightMax) end(response, 503);
    else this.#startGiving(request, response);
  }

  #startGiving(request: PeerRequest, response: ServerResponse): void {
    this.#inFlight++;
    response.once('close', () => this.#inFlight--);
    this.#give(request, response).catch((error: unknown) => {
      this.#options.onProblem(error instanceof Error ? error : new Error(String(error)));
      if (!response.headersSent) end(response, 404);
      else response.destroy();
    });
  }

  async #give(request: PeerRequest, response: ServerResponse): Promise<void> {
    const { range } = request;
    const bytes = await this.#options.read(request);
    if (bytes === undefined || bytes.length > peerBytesMax || bytes.length === 0) {
      end(response, 404);
      return;
    }
    response.writeHead(range === undefined ? 200 : 206, {
      'content-type': 'application/octet-stream',
      'content-length': bytes.length,
      ...(range && { 'content-range': `bytes ${range.start}-${range.start + bytes.length - 1}/*` }),
    });
    response.end(bytes);
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 });
  response.end();
}

/** Answers and hangs up: what else comes on this connection is not read. */
function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0, connection: 'close' });
  response.end();
}
