import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NfsClient } from '../src/nfs/fixtures/nfs-client.ts';
import { binDirectory, type Ended, type RunOptions, Scratch } from './mic.ts';

/** A session as `--json` prints it when its workspace is a mount. */
export interface MountedSession {
  readonly sessionId: string;
  readonly workspace: {
    readonly kind: 'mount';
    readonly directory: string;
    readonly mounted: boolean;
    readonly host: string;
    readonly port: number;
    readonly export: string;
    readonly command: string;
  };
}

/**
 * A scratch whose sessions are mounted. `mount` and `umount` are programs of the test's own, since what the machine's
 * can do differs: files are read and written as an NFS client does. Its file server is ended with the test.
 */
export class MountScratch extends Scratch {
  /** What `mount` and `umount` were called with, a line each. */
  readonly mountLog: string;
  readonly #killed = new Set<number>();

  constructor(name?: string) {
    super(name);
    this.mountLog = join(this.directory, 'mount.log');
    this.letMount('fail');
  }

  /** Whether mounting succeeds from now on. */
  letMount(ending: 'succeed' | 'fail'): void {
    const end = ending === 'succeed' ? 'exit 0' : 'echo "mount: this machine has no NFS" >&2; exit 32';
    const script = (name: string): string =>
      `#!/bin/sh\necho ${name} "$@" >> '${join(this.directory, 'mount.log')}'\n${end}\n`;
    const directory = this.files('mount programs', { mount: script('mount'), umount: script('umount') });
    for (const name of ['mount', 'umount']) chmodSync(join(directory, name), 0o755);
  }

  override get environment(): Record<string, string> {
    const inherited = super.environment;
    return { ...inherited, PATH: `${join(this.directory, 'mount programs')}:${inherited.PATH}` };
  }

  micFs(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.run(join(binDirectory, 'mic-fs'), args, options);
  }

  /** The process of the file server; undefined while none runs. */
  serverPid(): number | undefined {
    try {
      const file = join(this.directory, 'home/.local/state/micelio/mic-fs/running.json');
      return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid;
    } catch {
      return undefined;
    }
  }

  /** Ends the file server at once, as a crash does, and waits until it has gone. */
  async killServer(): Promise<void> {
    const pid = this.serverPid();
    // What is written down of a server that has ended names nobody, or somebody else by now.
    if (pid === undefined || this.#killed.has(pid)) return;
    this.#killed.add(pid);
    while (isAlive(pid, 'SIGKILL')) await delay(5);
  }

  override async end(): Promise<void> {
    await this.killServer();
    await super.end();
  }

  /** Starts a session whose workspace is a mount; this machine cannot mount it. */
  mountSession(project: string, ...more: readonly string[]): Promise<MountedSession> {
    return this.json<MountedSession>(
      ['session', 'start', 'work', `--project=${project}`, '--workspace=mount', ...more],
      { exit: 8 },
    );
  }
}

function isAlive(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The files of an export, by an NFS client. */
export class MountedFiles {
  readonly client: NfsClient;
  readonly root: Buffer;

  private constructor(client: NfsClient, root: Buffer) {
    this.client = client;
    this.root = root;
  }

  /** Mounts an export. Throws what the server answers where it does not let anybody in. */
  static async mount({ port, export: path }: { port: number; export: string }): Promise<MountedFiles> {
    const client = await NfsClient.connect(port);
    const { status, root } = await client.mount(path);
    if (status !== 0) {
      await client.close();
      throw new Error(`MOUNT answered ${status}.`);
    }
    return new MountedFiles(client, root);
  }

  /** The same files with the same handles, over a new connection. */
  async reconnected(port: number): Promise<MountedFiles> {
    return new MountedFiles(await NfsClient.connect(port), this.root);
  }

  async write(name: string, text: string): Promise<Buffer> {
    const made = await this.client.create(this.root, name, 0, { size: 0 });
    requireOk(made.status, `create ${name}`);
    const { status } = await this.client.write(made.handle, 0, Buffer.from(text), 2);
    requireOk(status, `write ${name}`);
    return made.handle;
  }

  async read(path: string): Promise<string> {
    let handle = this.root;
    for (const name of path.split('/')) {
      const found = await this.client.lookup(handle, name);
      requireOk(found.status, `look up ${path}`);
      handle = found.handle;
    }
    return this.readHandle(handle);
  }

  async readHandle(handle: Buffer): Promise<string> {
    const { status, data } = await this.client.read(handle, 0, 65_536);
    requireOk(status, 'read');
    return Buffer.from(data).toString();
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

function requireOk(status: number, what: string): void {
  if (status !== 0) throw new Error(`${what}: the server answered ${status}.`);
}
