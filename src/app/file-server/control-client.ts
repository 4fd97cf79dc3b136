import { connect } from 'node:net';
import * as v from 'valibot';
import { MicelioError } from '../../base/error.ts';
import type { Hash } from '../../base/hash.ts';
import type { TakeMode } from '../../session/lease.ts';
import type { SessionId } from '../../session/session-id.ts';
import type { WorkspaceKnowledge, WorkspaceSnapshot } from '../../session/workspace-port.ts';
import type {
  AttachRequest,
  FileServer,
  ServedId,
  ServedPath,
  ServedSession,
} from '../../workspace/mount/file-server-port.ts';
import { answerBytesMax, type CallAnswer, type CallName, calls, failureSchema } from './calls.ts';
import { FileServerError } from './file-server-error.ts';
import type { TreeRequest } from './local-file-server.ts';

/**
 * The file server, in another process of this user. Errors come out with the code and message that they had there.
 * Besides, each call may throw `file-server/gone`.
 */
export class FileServerClient implements FileServer {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  async attach(request: AttachRequest): Promise<ServedSession> {
    return this.call('attach', request);
  }

  async find(store: string, session: SessionId): Promise<ServedSession | undefined> {
    return (await this.call('find', { store, session })).found ?? undefined;
  }

  async detach(id: ServedId): Promise<void> {
    await this.call('detach', { id });
  }

  async discard(id: ServedId): Promise<void> {
    await this.call('discard', { id });
  }

  renewSecret(id: ServedId): Promise<ServedSession> {
    return this.call('renewSecret', { id });
  }

  async take(id: ServedId, mode: TakeMode): Promise<void> {
    await this.call('take', { id, mode });
  }

  capture(id: ServedId): Promise<WorkspaceSnapshot> {
    return this.call('capture', { id });
  }

  async update(id: ServedId, tree: Hash): Promise<void> {
    await this.call('update', { id, tree });
  }

  known(id: ServedId): Promise<WorkspaceKnowledge> {
    return this.call('known', { id });
  }

  async agree(id: ServedId, tree: Hash): Promise<void> {
    await this.call('agree', { id, tree });
  }

  serveTree(request: TreeRequest): Promise<ServedPath> {
    return this.call('serveTree', request);
  }

  /** One call. It takes as long as its work does. */
  async call<Name extends CallName>(name: Name, request: object): Promise<CallAnswer<Name>> {
    const { status, body } = await this.#post(`/${name}`, JSON.stringify(request));
    const json = parseJson(body);
    if (status === 200) {
      const parsed = v.safeParse(calls[name].answer, json);
      if (parsed.success) return parsed.output as CallAnswer<Name>;
    } else {
      const failure = v.safeParse(failureSchema, json);
      if (failure.success) {
        const { code, message } = failure.output.error;
        throw new MicelioError(code, message);
      }
    }
    throw new FileServerError(
      'file-server/failed',
      `mic-fs gave an answer to "${name}" that this version does not understand. Stop it with "mic-fs stop", and do it again.`,
    );
  }

  /** A request of HTTP/1.1, written by hand: loading `node:http` would take longer than the call. */
  async #post(path: string, body: string): Promise<{ status: number; body: string }> {
    const head = [
      `POST ${path} HTTP/1.1`,
      'Host: mic-fs',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ];
    const answer = await this.#exchange(`${head.join('\r\n')}\r\n\r\n${body}`);
    const headEnd = answer.indexOf('\r\n\r\n');
    const answerHead = answer.toString('latin1', 0, Math.max(headEnd, 0));
    const status = /^HTTP\/1\.1 (\d{3})/.exec(answerHead)?.[1];
    const length = /^content-length: (\d+)/im.exec(answerHead)?.[1];
    const content = answer.subarray(headEnd + 4);
    if (status === undefined || content.length !== Number(length)) {
      throw gone(new Error('The answer is not whole.'));
    }
    return { status: Number(status), body: content.toString('utf8') };
  }

  /** Sends `text`, and takes all that comes until the server closes the connection. */
  #exchange(text: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#socket);
      const pieces: Buffer[] = [];
      let length = 0;
      socket.once('error', (error) => reject(gone(error)));
      socket.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > answerBytesMax) socket.destroy(new Error('The answer is too long.'));
        else pieces.push(piece);
      });
      socket.once('end', () => resolve(Buffer.concat(pieces)));
      socket.write(text);
    });
  }
}

function gone(cause: unknown): FileServerError {
  return new FileServerError(
    'file-server/gone',
    'mic-fs does not answer. Do it again, which starts it where it is missing; "mic-fs status" says where its log is.',
    { cause },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
