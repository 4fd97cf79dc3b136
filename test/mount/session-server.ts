import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Hash } from '../../src/base/hash.ts';
import { randomText, systemRandom } from '../../src/base/random.ts';
import type { NfsExport } from '../nfs-guest/guest.ts';

/** Where the project lies in its store. */
export const projectKey = 'micelio-test/projects/test';

/** What the process of the server is told. */
export interface SessionServerOrder {
  /** Holds the store and what the sessions change. */
  readonly directory: string;
  readonly tree: Hash;
  readonly port: number;
  readonly handleKey: string;
  readonly exports: readonly { readonly id: string; readonly path: string }[];
}

export interface SessionServerOptions {
  readonly directory: string;
  readonly tree: Hash;
  readonly sessions: number;
  readonly processor: number | undefined;
}

/** Our server, in a process of its own, serving sessions of one project over the store in `directory`. */
export class SessionServer {
  #order: SessionServerOrder;
  readonly #processor: number | undefined;
  #process: ChildProcess | undefined;

  constructor({ directory, tree, sessions, processor }: SessionServerOptions) {
    const exports = Array.from({ length: sessions }, (_, i) => ({
      id: Buffer.from(systemRandom.bytes(16)).toString('hex'),
      path: `/exports/sessions/session-${i}/${randomText(systemRandom, 26)}`,
    }));
    const handleKey = Buffer.from(systemRandom.bytes(32)).toString('hex');
    this.#order = { directory, tree, port: 0, handleKey, exports };
    this.#processor = processor;
  }

  get exports(): NfsExport[] {
    return this.#order.exports.map(({ path }) => ({ port: this.#order.port, exportPath: path }));
  }

  /** The process, for measuring it. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async restart(): Promise<void> {
    const program = join(import.meta.dirname, 'session-server-process.ts');
    const pinned = this.#processor === undefined ? [] : ['taskset', '--cpu-list', String(this.#processor)];
    const [command, ...args] = [...pinned, process.execPath, program, JSON.stringify(this.#order)];
    // It ends with its standard input, and so with this process.
    const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error('The server has not started: see above');
    this.#order = { ...this.#order, port: Number(first.value) };
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
