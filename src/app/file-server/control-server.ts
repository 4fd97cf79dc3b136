import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as v from 'valibot';
import { MicelioError } from '../../base/error.ts';
import { type CallHandlers, type CallName, callBytesMax, calls } from './calls.ts';
import { FileServerError } from './file-server-error.ts';

/** How long a client may take to send its call, in ms. */
const requestMsMax = 10_000;
/** How many clients may be connected at once. */
const connectionsMax = 4096;

/**
 * Takes calls over a Unix socket: `POST /call` with the arguments as JSON. Who can reach the socket may do everything, so
 * its directory lets in nobody but its user. `onFailure` is told of what should not happen.
 */
export class ControlServer {
  readonly #server: Server;
  readonly #handlers: CallHandlers;
  readonly #onFailure: (error: unknown) => void;
  #underWay = 0;

  private constructor(handlers: CallHandlers, onFailure: (error: unknown) => void) {
    this.#handlers = handlers;
    this.#onFailure = onFailure;
    this.#server = createServer({ requestTimeout: requestMsMax }, (request, response) => {
      this.#underWay++;
      response.once('close', () => this.#underWay--);
      this.#answer(request, response).catch((error) => {
        this.#onFailure(error);
        response.destroy();
      });
    });
    this.#server.maxConnections = connectionsMax;
  }

  /** Listens at `path`. What is there already was left by a server that is dead: only one may run. */
  static async listen(
    path: string,
    handlers: CallHandlers,
    onFailure: (error: unknown) => void,
  ): Promise<ControlServer> {
    const control = new ControlServer(handlers, onFailure);
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject);
      control.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    return control;
  }

  /** How many calls are being answered. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Takes no more calls, and waits for those under way, for at most `msMax`. */
  async close(msMax: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), msMax);
    await closed;
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let status = 200;
    let answer: unknown;
    try {
      answer = await this.#call(request.url?.slice(1) ?? '', await readBody(request));
    } catch (error) {
      status = error instanceof MicelioError ? 422 : 500;
      if (status === 500) this.#onFailure(error);
      answer = { error: failureOf(error) };
    }
    const body = Buffer.from(JSON.stringify(answer));
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': body.length,
      connection: 'close',
    });
    response.end(body);
  }

  #call(name: string, body: string): Promise<unknown> {
    if (!Object.hasOwn(calls, name)) throw invalid(`there is no call "${name.slice(0, 40)}"`);
    return this.#callKnown(name as CallName, body);
  }

  async #callKnown<Name extends CallName>(name: Name, body: string): Promise<unknown> {
    const handler = this.#handlers[name] as (request: unknown) => unknown;
    return handler(parseRequest(name, body));
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > callBytesMax) throw invalid(`it has more than ${callBytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parseRequest(name: CallName, body: string): unknown {
  const json = parseJson(body);
  try {
    return v.parse(calls[name].request, json);
  } catch (cause) {
    throw invalid(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is no JSON');
  }
}

function invalid(reason: string): FileServerError {
  return new FileServerError(
    'file-server/request-invalid',
    `mic-fs does not understand a call: ${reason}. Use the mic of the same version.`,
  );
}

function failureOf(error: unknown): { code: string; message: string } {
  if (error instanceof MicelioError) return { code: error.code, message: error.message };
  return {
    code: 'file-server/failed',
    message: `mic-fs failed: ${error instanceof Error ? error.message : String(error)}. Its log says more: "mic-fs status" names it.`,
  };
}
