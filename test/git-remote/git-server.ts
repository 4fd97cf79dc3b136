import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a request of git is for. */
export type RequestKind = 'list-for-fetch' | 'list-for-push' | 'fetch' | 'push';

/**
 * What goes wrong with a request: it is not allowed; the connection breaks before anything is done, after it is done and
 * before it is answered, or at the beginning of the answer; or the answer comes in small pieces, slowly. `late`: the
 * connection breaks, and what was asked for is done later, before the next listing for a push. `break-half-way`: of a large
 * push, half arrives, and of a large answer, half is sent; what is small passes.
 */
export type Trouble =
  | 'forbid'
  | 'break-before'
  | 'break-after'
  | 'break-in-answer'
  | 'break-half-way'
  | 'slow'
  | 'late';

/** In bytes: more of an answer than this is not sent where the connection is to break in its middle. */
const brokenAnswerBytes = 64;
/** In bytes: a request or an answer with more than this is large, and breaks after this. */
const halfWayBytes = 256 * 1024;
const slowPieceBytes = 512;
const slowPauseMs = 5;

/** A server of git repositories over HTTP, by git's own `http-backend`, for whoever has the token. */
export class GitServer {
  /** Who has it gets in, as any user's password or as a bearer token. */
  token: string;
  /** What each request was for, and what became of it: the status of the answer, or the trouble that it met. */
  readonly requests: { readonly kind: RequestKind; readonly answer: number | Trouble }[] = [];
  readonly #root: string;
  readonly #server: Server;
  readonly #environment: NodeJS.ProcessEnv;
  #troubles: { readonly kind: RequestKind; readonly trouble: Trouble; times: number }[] = [];
  #late: (() => Promise<unknown>)[] = [];
  #beforeAnswer: { readonly kind: RequestKind; readonly work: () => Promise<unknown> } | undefined;
  #running = new Set<ChildProcessByStdio<Writable, Readable, null>>();

  private constructor(root: string, token: string, environment: NodeJS.ProcessEnv) {
    this.#root = root;
    this.token = token;
    this.#environment = environment;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** Serves what lies in `root`. To be closed. */
  static async start(root: string, token: string, environment: NodeJS.ProcessEnv): Promise<GitServer> {
    const server = new GitServer(root, token, environment);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  /** The URL of the repository `name`. */
  url(name: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  /** The next `times` requests of a kind meet trouble. */
  trouble(kind: RequestKind, trouble: Trouble, times = 1): void {
    this.#troubles.push({ kind, trouble, times });
  }

  /** Ends all trouble. */
  recover(): void {
    this.#troubles = [];
  }

  /** Does something once, when the next request of a kind has come and before it is done. */
  before(kind: RequestKind, work: () => Promise<unknown>): void {
    this.#beforeAnswer = { kind, work };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    for (const child of this.#running) child.kill('SIGKILL');
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://here');
    const kind = kindOf(url);
    if (!this.#isAllowed(request.headers.authorization)) {
      this.requests.push({ kind, answer: 401 });
      request.resume();
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const trouble = this.#troubleOf(kind);
    if (trouble === 'forbid') {
      this.requests.push({ kind, answer: trouble });
      request.resume();
      response.writeHead(403).end('not for you\n');
      return;
    }
    if (trouble === 'break-before') {
      this.requests.push({ kind, answer: trouble });
      if (request.method === 'POST') await once(request, 'data');
      response.destroy();
      return;
    }
    if (trouble === 'break-half-way') {
      await this.#serveHalf(request, response, { url, kind });
      return;
    }
    const body = await buffer(request);
    if (trouble === 'late') {
      this.requests.push({ kind, answer: trouble });
      this.#late.push(() => this.#run(request, url, body));
      response.destroy();
      return;
    }
    if (kind === 'list-for-push') for (const work of this.#late.splice(0)) await work();
    if (this.#beforeAnswer?.kind === kind) {
      const { work } = this.#beforeAnswer;
      this.#beforeAnswer = undefined;
      await work();
    }
    const answer = await this.#run(request, url, body);
    this.requests.push({ kind, answer: trouble ?? answer.status });
    if (trouble === 'break-after') {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers);
    if (trouble === 'break-in-answer') {
      // Sent before the connection breaks, or git would never see it.
      await new Promise<void>((resolve) =>
        response.write(answer.body.subarray(0, brokenAnswerBytes), () => resolve()),
      );
      response.destroy();
      return;
    }
    if (trouble === 'slow') {
      for (let at = 0; at < answer.body.length; at += slowPieceBytes) {
        response.write(answer.body.subarray(at, at + slowPieceBytes));
        await sleep(slowPauseMs);
      }
      response.end();
      return;
    }
    response.end(answer.body);
  }

  /** Lets git have half of a large request, or sends half of a large answer, and breaks the connection. */
  async #serveHalf(
    request: IncomingMessage,
    response: ServerResponse,
    { url, kind }: { readonly url: URL; readonly kind: RequestKind },
  ): Promise<void> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length > halfWayBytes) break;
    }
    const answer = await this.#run(request, url, Buffer.concat(pieces));
    const isHalf = length > halfWayBytes || answer.body.length > halfWayBytes;
    this.requests.push({ kind, answer: isHalf ? 'break-half-way' : answer.status });
    if (length <= halfWayBytes) {
      response.writeHead(answer.status, answer.headers);
      const part = answer.body.subarray(0, halfWayBytes);
      await new Promise<void>((resolve) => response.write(part, () => resolve()));
    }
    if (isHalf) response.destroy();
    else response.end();
  }

  #isAllowed(authorization: string | undefined): boolean {
    const [scheme, value = ''] = (authorization ?? '').split(' ');
    if (scheme === 'Bearer') return value === this.token;
    if (scheme !== 'Basic') return false;
    const [, password] = Buffer.from(value, 'base64').toString('utf8').split(':');
    return password === this.token;
  }

  #troubleOf(kind: RequestKind): Trouble | undefined {
    const found = this.#troubles.find((one) => one.kind === kind && one.times > 0);
    if (found === undefined) return undefined;
    found.times--;
    return found.trouble;
  }

  /** Has git answer, whole. */
  async #run(
    request: IncomingMessage,
    url: URL,
    input: Buffer,
  ): Promise<{
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: Buffer;
  }> {
    const { headers, method } = request;
    const child = spawn(join(execPath, 'git-http-backend'), {
      env: {
        ...this.#environment,
        GIT_PROJECT_ROOT: this.#root,
        GIT_HTTP_EXPORT_ALL: '1',
        REMOTE_USER: 'somebody',
        REQUEST_METHOD: method,
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: headers['content-type'] ?? '',
        CONTENT_LENGTH: String(input.length),
        ...(headers['content-encoding'] === undefined
          ? {}
          : { HTTP_CONTENT_ENCODING: headers['content-encoding'] }),
        ...(headers['git-protocol'] === undefined ? {} : { GIT_PROTOCOL: String(headers['git-protocol']) }),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#running.add(child);
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const pieces: Buffer[] = [];
    for await (const piece of child.stdout) pieces.push(piece as Buffer);
    this.#running.delete(child);
    const output = Buffer.concat(pieces);
    const end = output.indexOf('\r\n\r\n');
    const lines = output
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]);
    const { Status: status = '200', ...rest } = Object.fromEntries(lines);
    return { status: Number.parseInt(status, 10), headers: rest, body: output.subarray(end + 4) };
  }
}

const execPath = execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim();

function kindOf(url: URL): RequestKind {
  const service = url.searchParams.get('service');
  if (service !== null) return service === 'git-receive-pack' ? 'list-for-push' : 'list-for-fetch';
  return url.pathname.endsWith('/git-receive-pack') ? 'push' : 'fetch';
}
