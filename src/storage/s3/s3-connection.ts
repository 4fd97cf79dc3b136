import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { isClockSkew } from './s3-failure.ts';
import type { S3Location } from './s3-location.ts';

/** The client library, which is loaded when it is first needed: that takes a tenth of a second. */
export type S3Library = typeof import('@aws-sdk/client-s3');

/** The servers whose faults have to be known: Ceph, and all others. */
export type ServerKind = 'ceph' | 'other';

export interface S3ConnectionOptions {
  /** Ends a request whose connection moves no byte for so long, in ms; 30 s unless told otherwise. */
  readonly stallMsMax?: number;
  /** How many requests, and connections, there are at most at once; 64 unless told otherwise. Others wait. */
  readonly requestsMax?: number;
  /**
   * Told of each request that is sent: the name that S3 gives it, such as `PutObject`; the object or the prefix that it
   * is about, empty where it is about none; and the bytes of its body.
   */
  readonly onRequest?: (operation: string, name: string, bytes: number) => void;
  /** Told of each answer that comes, as far as its length is known beforehand: what it is about, and the bytes of its body. */
  readonly onAnswer?: (name: string, bytes: number) => void;
  /** The credentials; otherwise what the AWS environment, files and services say. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** How far the server's clock is ahead of this machine's, in ms, as far as is known. */
  readonly clockOffsetMs?: number;
}

const stallMsMaxDefault = 30_000;
const requestsMaxDefault = 64;
/** A server that takes no connection in this time, in ms, counts as out of reach. */
const connectMsMax = 5_000;
/** The region that requests to a server of one's own are signed for, where none is named. */
const regionDefault = 'us-east-1';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * Connections to the server of a bucket, kept open between requests, a bounded number of them. Nothing is repeated
 * here: who sends a request knows whether it can be.
 */
export class S3Connection {
  readonly location: S3Location;
  readonly library: S3Library;
  readonly client: S3Client;
  readonly #requestsMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #server: ServerKind | undefined;

  /** Loads the client library. Sends nothing yet. */
  static async open(location: S3Location, options: S3ConnectionOptions = {}): Promise<S3Connection> {
    return new S3Connection(location, await import('@aws-sdk/client-s3'), options);
  }

  private constructor(location: S3Location, library: S3Library, options: S3ConnectionOptions) {
    this.location = location;
    this.library = library;
    this.#requestsMax = options.requestsMax ?? requestsMaxDefault;
    this.client = new library.S3Client(clientConfiguration(location, options));
    const { onRequest, onAnswer } = options;
    // Around each request as it goes over the wire, and its answer before anybody has looked at it.
    this.client.middlewareStack.add(
      (next, { commandName }) =>
        async (input) => {
          const { Key, Prefix } = input.input as { readonly Key?: string; readonly Prefix?: string };
          const name = Key ?? Prefix ?? '';
          onRequest?.((commandName ?? 'Request').replace(/Command$/, ''), name, lengthOf(input.request));
          const result = await next(input);
          onAnswer?.(name, lengthOf(result.response));
          this.#server ??= serverBehind(result.response);
          return result;
        },
      { step: 'deserialize', priority: 'low', name: 'micelio' },
    );
  }

  /** What kind of server answers; undefined until it has. */
  get server(): ServerKind | undefined {
    return this.#server;
  }

  /** What every request says of the bucket. */
  get bucket(): { readonly Bucket: string } {
    return { Bucket: this.location.bucket };
  }

  /**
   * Sends a request, once others have left it room, and reads the whole answer. Throws as the library does;
   * `s3-failure.ts` understands it.
   */
  async send<T>(request: (client: S3Client, library: S3Library) => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await request(this.client, this.library);
    } catch (error) {
      // The server has not looked at the request, and the library has set its clock by the answer.
      if (isClockSkew(error)) return await request(this.client, this.library);
      throw error;
    } finally {
      this.#leave();
    }
  }

  /** Closes the connections. Requests under way fail. */
  close(): void {
    this.client.destroy();
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#requestsMax) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

/** Ceph numbers its requests in a way of its own. */
function serverBehind(response: unknown): ServerKind {
  return /^tx[0-9a-f]{21}-/.test(headersOf(response)['x-amz-request-id'] ?? '') ? 'ceph' : 'other';
}

/** Bytes of the body of a request or an answer that says so. */
function lengthOf(message: unknown): number {
  return Number(headersOf(message)['content-length'] ?? 0);
}

function headersOf(message: unknown): Readonly<Record<string, string>> {
  return (message as { readonly headers?: Readonly<Record<string, string>> }).headers ?? {};
}

function clientConfiguration(location: S3Location, options: S3ConnectionOptions): S3ClientConfig {
  const { endpoint, region, profile, addressing } = location;
  const agent = { keepAlive: true, maxSockets: options.requestsMax ?? requestsMaxDefault };
  const signedFor = region ?? (endpoint === undefined ? undefined : regionDefault);
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(signedFor !== undefined && { region: signedFor }),
    ...(profile !== undefined && { profile }),
    ...(options.credentials && { credentials: options.credentials }),
    ...(options.clockOffsetMs !== undefined && { systemClockOffset: options.clockOffsetMs }),
    forcePathStyle: addressing === 'path',
    // A conditional write must not be repeated behind the back of whoever sent it.
    maxAttempts: 1,
    // What the library adds unasked, other servers than that of AWS do not understand.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectMsMax,
      socketTimeout: options.stallMsMax ?? stallMsMaxDefault,
      httpAgent: agent,
      httpsAgent: agent,
    },
    logger: silent,
  };
}
