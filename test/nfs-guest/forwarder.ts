import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A guest's network: from there nothing can be reached but the ports of this machine's 127.0.0.1 that are forwarded. */
export class Forwarder {
  /** The path of the network namespace, for `nsenter`. */
  readonly namespace: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ports = new Map<number, Promise<void>>();

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, namespace: string) {
    this.#process = child;
    this.#lines = lines;
    this.namespace = namespace;
  }

  static async start(): Promise<Forwarder> {
    const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'forwarder.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child, 'spawn');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error('The network of the guest could not be made: see above');
    return new Forwarder(child, lines, first.value);
  }

  /** Makes `port` of this machine's 127.0.0.1 the same port of 10.0.2.2 in the guest. */
  forward(port: number): Promise<void> {
    const known = this.#ports.get(port);
    if (known !== undefined) return known;
    const forwarded = this.#ask(port);
    this.#ports.set(port, forwarded);
    return forwarded;
  }

  async #ask(port: number): Promise<void> {
    this.#process.stdin!.write(`${port}\n`);
    const answer = await this.#lines.next();
    if (answer.done) throw new Error(`Port ${port} could not be forwarded to the guest`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
