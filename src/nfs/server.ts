import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { BatchSurroundings } from './batch.ts';
import { Connection } from './connection.ts';
import { DuplicateRequestCache } from './duplicate-request-cache.ts';
import type { Exports } from './exports.ts';
import { FileHandles } from './file-handle.ts';
import { defaultLimits, type NfsLimits } from './limits.ts';
import { NfsMetrics } from './metrics.ts';

export interface NfsServerOptions {
  readonly exports: Exports;
  /** The address to listen on: `127.0.0.1`, unless others are meant to come. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** 16 to 64 secret bytes. File handles hold as long as the key stays the same. */
  readonly handleKey: Uint8Array;
  /** Told of faults of ours that a call met. The server goes on. */
  readonly onError: (error: unknown, doing: string) => void;
  readonly limits?: Partial<NfsLimits>;
}

/** A running server of NFS and MOUNT, both version 3, on one TCP port. */
export class NfsServer {
  readonly metrics: NfsMetrics;
  readonly #server: Server;
  readonly #surroundings: BatchSurroundings;
  readonly #limits: NfsLimits;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(server: Server, surroundings: BatchSurroundings, limits: NfsLimits) {
    this.metrics = surroundings.metrics;
    this.#server = server;
    this.#surroundings = surroundings;
    this.#limits = limits;
    server.on('connection', (socket) => this.#accept(socket));
    server.on('error', (error) => surroundings.onError(error, 'nfs.accept'));
    this.#sweeper = setInterval(() => {
      for (const connection of this.#connections) connection.sweep();
    }, limits.sweepMs).unref();
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening, answers the calls that are under way, and closes every connection. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const connection of this.#connections) connection.close();
    const impatience = setTimeout(() => {
      for (const connection of this.#connections) connection.drop();
    }, this.#limits.closeMs);
    await closed;
    clearTimeout(impatience);
  }

  #accept(socket: Socket): void {
    const { metrics } = this;
    const address = socket.remoteAddress;
    const count = address === undefined ? 0 : (this.#perAddress.get(address) ?? 0);
    const { connectionsMax, connectionsPerAddressMax } = this.#limits;
    if (
      address === undefined ||
      this.#connections.size >= connectionsMax ||
      count >= connectionsPerAddressMax
    ) {
      metrics.connectionsRefused++;
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    metrics.connectionsAccepted++;
    metrics.connectionsOpen++;
    this.#perAddress.set(address, count + 1);
    const connection = new Connection(socket, address, this.#surroundings, this.#limits);
    this.#connections.add(connection);
    socket.on('close', () => {
      metrics.connectionsOpen--;
      this.#connections.delete(connection);
      const left = this.#perAddress.get(address)! - 1;
      if (left === 0) this.#perAddress.delete(address);
      else this.#perAddress.set(address, left);
    });
  }
}

/** Starts a server. Fails when the port cannot be had. */
export async function startNfsServer(options: NfsServerOptions): Promise<NfsServer> {
  const limits = { ...defaultLimits, ...options.limits };
  const server = createServer({ noDelay: true, keepAlive: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return new NfsServer(
    server,
    {
      exports: options.exports,
      handles: new FileHandles(options.handleKey),
      duplicates: new DuplicateRequestCache(limits.duplicateRequestsMax, limits.duplicateRequestBytesMax),
      metrics: new NfsMetrics(),
      onError: options.onError,
    },
    limits,
  );
}
