import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Forwarder } from './forwarder.ts';
import { preparedDirectory } from './prepared.ts';
import { allowedProcessors, type Machine, type Share, startMachine } from './user-mode-linux.ts';

export interface GuestOptions {
  readonly shares?: readonly Share[];
  /** 2048 unless told otherwise. Taken from the host as it is used. */
  readonly memoryMiB?: number;
  /** The processor of this machine to run on; the last one unless told otherwise. */
  readonly processor?: number;
}

/** An export of a server on this machine's 127.0.0.1. */
export interface NfsExport {
  readonly port: number;
  /** The port of MOUNT, where it is another one. */
  readonly mountPort?: number;
  readonly exportPath: string;
}

/** Whom a command runs as. */
export interface GuestUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups?: readonly number[];
}

export interface RunOptions {
  /** Where it runs; `/` unless told otherwise. */
  readonly directory?: string;
  /** Root unless told otherwise. */
  readonly user?: GuestUser;
  readonly environment?: Readonly<Record<string, string>>;
  /** After that it is killed, and its status is 124. 120,000 unless told otherwise. */
  readonly timeoutMs?: number;
}

export interface RunResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const bootMs = 60_000;
/** How much later than its time a command may be reported, before the guest is taken for hung. */
const reportMs = 30_000;

/**
 * A running guest: Debian's own kernel with this machine's programs. It sees this machine's files, and what it writes
 * goes to memory and with it, save what goes to a mounted export or a share.
 */
export class Guest {
  readonly #job: string;
  readonly #forwarder: Forwarder;
  readonly #machine: Machine;
  readonly #waiting = new Map<string, PromiseWithResolvers<number>>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  #requests = 0;
  #mounts = 0;

  private constructor(job: string, forwarder: Forwarder, machine: Machine) {
    this.#job = job;
    this.#forwarder = forwarder;
    this.#machine = machine;
    this.#ended = once(machine.process, 'exit').then(() => this.#fail('The guest has ended'));
    createInterface({ input: machine.line }).on('line', (line) => this.#hear(line));
    machine.line.on('error', () => this.#fail('The line to the guest is broken'));
  }

  /** Boots a guest: 2–3 seconds. Throws when it does not come up. */
  static async start(options: GuestOptions = {}): Promise<Guest> {
    const { shares = [], memoryMiB = 2048, processor = allowedProcessors().at(-1)! } = options;
    const prepared = preparedDirectory();
    const job = realpathSync(mkdtempSync(join(tmpdir(), 'micelio-guest-')));
    chmodSync(job, 0o755);
    const forwarder = await Forwarder.start();
    const { namespace } = forwarder;
    const machine = startMachine({ job, prepared, namespace, shares, memoryMiB, processor });
    const guest = new Guest(job, forwarder, machine);
    const timer = setTimeout(() => guest.#fail(`The guest did not come up in ${bootMs} ms`), bootMs);
    try {
      await guest.#ready.promise;
      return guest;
    } catch (error) {
      await guest.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Mounts an export with the kernel's NFSv3 client and returns where. `options` are added last, so that they win. Throws
   * when the mount fails.
   */
  async mount({ port, mountPort = port, exportPath }: NfsExport, options = ''): Promise<string> {
    await Promise.all([this.#forwarder.forward(port), this.#forwarder.forward(mountPort)]);
    const at = `/run/mounts/${++this.#mounts}`;
    const all = `vers=3,proto=tcp,nolock,port=${port},mountport=${mountPort},mountproto=tcp,timeo=600,retry=0`;
    const target = `'10.0.2.2:${exportPath}' ${at}`;
    const command = `mkdir ${at} && mount -t nfs -o ${all}${options === '' ? '' : `,${options}`} ${target}`;
    const { status, stderr } = await this.run(command);
    if (status !== 0) throw new Error(`The guest could not mount ${exportPath}: ${stderr}`);
    return at;
  }

  /** Runs a command with bash. Several may run at once. Throws when the guest ends or hangs. */
  async run(command: string, options: RunOptions = {}): Promise<RunResult> {
    const { directory = '/', user, environment = {}, timeoutMs = 120_000 } = options;
    const id = String(++this.#requests);
    const request = {
      command,
      directory,
      user: user && { groups: [], ...user },
      environment: { ...baseEnvironment(user), ...environment },
      timeoutMs,
    };
    const path = join(this.#job, id);
    writeFileSync(`${path}.json`, JSON.stringify(request));
    const done = Promise.withResolvers<number>();
    this.#waiting.set(id, done);
    this.#machine.line.write(`run ${id}\n`);
    const timer = setTimeout(
      () => this.#fail(`The guest hangs: it did not end "${command.slice(0, 200)}"`),
      timeoutMs + reportMs,
    );
    try {
      const status = await done.promise;
      return {
        status,
        stdout: readFileSync(`${path}.out`, 'utf8'),
        stderr: readFileSync(`${path}.err`, 'utf8'),
      };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the guest as a power cut would: what it has not synced is lost. */
  async stop(): Promise<void> {
    this.#machine.process.kill('SIGKILL');
    await this.#ended;
    await this.#forwarder.stop();
    rmSync(this.#job, { recursive: true, force: true });
  }

  #hear(line: string): void {
    const [verb, id, status] = line.trim().split(' ');
    if (verb === 'ready') this.#ready.resolve();
    if (verb === 'done') this.#waiting.get(id!)?.resolve(Number(status));
    if (id !== undefined) this.#waiting.delete(id);
  }

  #fail(reason: string): void {
    const error = new Error(`${reason}. The end of its console:\n${this.#machine.console()}`);
    this.#ready.promise.catch(() => {}); // whoever started the guest hears of it, if that is still of interest
    this.#ready.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#machine.process.kill('SIGKILL');
  }
}

/** This process's Node.js first, then what Debian has, then whatever else this machine has. */
function baseEnvironment(user: GuestUser | undefined): Record<string, string> {
  const standard = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return {
    PATH: `${dirname(process.execPath)}:${standard}:${process.env.PATH}`,
    HOME: user === undefined || user.uid === 0 ? homedir() : '/run/tmp',
    TMPDIR: '/run/tmp',
    LANG: 'C.UTF-8',
  };
}
