import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/**
 * What goes wrong with a request:
 * - `error`, `slow-down`: 500 and 503, and the server never hears of it. `error-after`: 500, and it was carried out.
 * - `reset`, `reset-after`: the connection breaks before or after the server has carried it out.
 * - `cut`: the connection breaks in the middle of the answer.
 * - `stall`, `stall-after`: no answer, before or after the server has carried it out, until the client gives up.
 * - `conflict`: 409, as AWS answers when another write of the same object is under way. Nothing happens.
 * - `missing`: where the server answers 412, 404, as AWS does where a version is expected and there is none.
 */
export type ProxyFault =
  | 'error'
  | 'error-after'
  | 'slow-down'
  | 'reset'
  | 'reset-after'
  | 'cut'
  | 'stall'
  | 'stall-after'
  | 'conflict'
  | 'missing';

export interface ProxiedRequest {
  /** 1 is the first that the proxy saw. */
  readonly number: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly isConditional: boolean;
}

/** Decides what goes wrong with a request; undefined is nothing. */
export type FaultPlan = (request: ProxiedRequest) => ProxyFault | undefined;

/** Everything that can happen to a request on a bad day, to about one in `oneIn`, by a generator that `seed` begins. */
export function randomFaults(oneIn: number, seed: number): FaultPlan {
  const quick = ['error', 'error-after', 'slow-down', 'reset', 'reset-after', 'cut'] as const;
  // Stalls take time, so there is one of each kind for three of the others.
  const faults: readonly ProxyFault[] = [
    ...[quick, quick, quick].flat(),
    ...(['stall', 'stall-after', 'conflict', 'missing'] as const),
  ];
  let state = seed >>> 0;
  const draw = (below: number): number => {
    // A linear congruential generator: its high bits are good enough for this.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return ({ isConditional }) => {
    if (draw(oneIn) !== 0) return undefined;
    const fault = faults[draw(faults.length)]!;
    return (fault === 'conflict' || fault === 'missing') && !isConditional ? 'error' : fault;
  };
}

/** Stands in front of an S3 server, and does wrong what its plan says. */
export class FaultProxy {
  /** How often each fault was made. */
  readonly made = new Map<ProxyFault, number>();
  /** What goes wrong from now on. */
  plan: FaultPlan;
  readonly #target: URL;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #requests = 0;

  /** A proxy in front of the endpoint `target`, on a port of its own. */
  static async start(target: string, plan: FaultPlan = () => undefined): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, plan);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  private constructor(target: string, plan: FaultPlan) {
    this.#target = new URL(target);
    this.plan = plan;
    this.#server = createServer((incoming, answer) => {
      this.#handle(incoming, answer).catch(() => answer.destroy());
    });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many requests came so far. */
  get requests(): number {
    return this.#requests;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await once(this.#server.close(), 'close');
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = incoming;
    const isConditional = method === 'PUT' && (headers['if-match'] ?? headers['if-none-match']) !== undefined;
    const fault = this.plan({ number: ++this.#requests, method, path, isConditional });
    if (fault !== undefined) this.made.set(fault, (this.made.get(fault) ?? 0) + 1);
    const body = await wholeBody(incoming);
    switch (fault) {
      case 'error':
        refuse(answer, 500, 'InternalError');
        break;
      case 'slow-down':
        refuse(answer, 503, 'SlowDown');
        break;
      case 'conflict':
        refuse(answer, 409, 'ConditionalRequestConflict');
        break;
      case 'reset':
        reset(incoming.socket);
        break;
      case 'stall':
        break;
      default:
        finish(fault, incoming, answer, await this.#ask(incoming, body));
    }
  }

  async #ask(incoming: IncomingMessage, body: Buffer): Promise<ServerAnswer> {
    const { method, url: path, headers } = incoming;
    const { hostname, port } = this.#target;
    // The name of the host is signed: the server gets the one that the client has used.
    const outgoing = request({ hostname, port, path, method, headers, agent: this.#agent });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 500, headers: answer.headers, body: await wholeBody(answer) };
  }
}

interface ServerAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Answers what the server has answered, or otherwise. */
function finish(
  fault: 'error-after' | 'reset-after' | 'stall-after' | 'cut' | 'missing' | undefined,
  incoming: IncomingMessage,
  answer: ServerResponse,
  { status, headers, body }: ServerAnswer,
): void {
  if (fault === 'stall-after') return;
  if (fault === 'reset-after') {
    reset(incoming.socket);
  } else if (fault === 'error-after') {
    refuse(answer, 500, 'InternalError');
  } else if (fault === 'missing' && status === 412) {
    refuse(answer, 404, 'NoSuchKey');
  } else if (fault === 'cut') {
    answer.writeHead(status, headers);
    answer.flushHeaders();
    answer.write(body.subarray(0, body.length / 2), () => reset(incoming.socket));
  } else {
    answer.writeHead(status, headers);
    answer.end(body);
  }
}

/** A client that has hung up is answered no more. To reset it then would keep this process (Node 26) from ending. */
function reset(socket: Socket): void {
  if (socket.writable) socket.resetAndDestroy();
  else socket.destroy();
}

async function wholeBody(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function refuse(answer: ServerResponse, status: number, code: string): void {
  answer.writeHead(status, { 'content-type': 'application/xml' });
  answer.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>The test asked for this.</Message></Error>`,
  );
}
