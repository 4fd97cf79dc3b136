import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NfsExport } from './guest.ts';

export interface GaneshaOptions {
  /** Holds the exported directories and its state. On a file system with file handles and a UUID, such as ext4. */
  readonly directory: string;
  /** How many directories it exports. */
  readonly sessions: number;
  /** The files that each begins with. */
  readonly files: string | undefined;
  readonly processor: number | undefined;
}

const startMs = 20_000;
/** What ganesha registers with; it does not start without. */
const rpcbindSocket = '/run/rpcbind.sock';
const pluginDirectory = '/usr/lib/x86_64-linux-gnu/ganesha';

/** nfs-ganesha with its VFS back end, as a judge of our tests and a measure for our speed. */
export class GaneshaServer {
  readonly #options: GaneshaOptions;
  readonly #directories: readonly string[];
  #port = 0;
  #mountPort = 0;
  #process: ChildProcess | undefined;
  #rpcbind: ChildProcess | undefined;

  constructor(options: GaneshaOptions) {
    this.#options = options;
    this.#directories = Array.from({ length: options.sessions }, (_, i) =>
      join(options.directory, `export-${i}`),
    );
    for (const directory of this.#directories) {
      if (options.files === undefined) mkdirSync(directory, { recursive: true });
      else
        cpSync(options.files, directory, {
          recursive: true,
          verbatimSymlinks: true,
          preserveTimestamps: true,
        });
    }
  }

  get exports(): NfsExport[] {
    return this.#directories.map((exportPath) => ({
      port: this.#port,
      mountPort: this.#mountPort,
      exportPath,
    }));
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async restart(): Promise<void> {
    if (this.#port === 0) [this.#port, this.#mountPort] = [await freePort(), await freePort()];
    await this.#startRpcbind();
    const state = this.#options.directory;
    mkdirSync('/var/run/ganesha', { recursive: true });
    const configuration = join(state, 'ganesha.conf');
    writeFileSync(configuration, this.#configuration());
    const { processor } = this.#options;
    const pinned = processor === undefined ? [] : ['taskset', '--cpu-list', String(processor)];
    const log = join(state, 'ganesha.log');
    const files = ['-f', configuration, '-L', log, '-p', join(state, 'ganesha.pid')];
    const [command, ...args] = ['setpriv', '--pdeathsig', 'KILL', ...pinned, 'ganesha.nfsd', '-F', ...files];
    rmSync(join(state, 'ganesha.pid'), { force: true });
    this.#process = spawn(command!, args, { stdio: 'ignore' });
    for (let waitedMs = 0; !(await accepts(this.#port)); waitedMs += 50) {
      if (waitedMs > startMs)
        throw new Error(`ganesha does not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
      await sleep(50);
    }
  }

  async kill(): Promise<void> {
    for (const child of [this.#process, this.#rpcbind]) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  }

  /** In an empty network namespace, so that its port is open nowhere: ganesha asks over the socket. */
  async #startRpcbind(): Promise<void> {
    if (spawnSync('rpcinfo', ['-T', 'local', rpcbindSocket, '100000'], { stdio: 'ignore' }).status === 0)
      return;
    rmSync(rpcbindSocket, { force: true });
    mkdirSync('/run/rpcbind', { recursive: true });
    this.#rpcbind = spawn('unshare', ['--net', 'setpriv', '--pdeathsig', 'KILL', 'rpcbind', '-f'], {
      stdio: 'ignore',
    });
    while (!existsSync(rpcbindSocket)) await sleep(50);
  }

  #configuration(): string {
    const exported = this.#directories.map(
      (directory, i) => `
EXPORT {
  Export_Id = ${i + 1};
  Path = ${directory};
  Pseudo = /export-${i};
  Protocols = 3;
  Transports = TCP;
  Access_Type = RW;
  Squash = No_Root_Squash;
  SecType = sys, none;
  FSAL { Name = VFS; }
}`,
    );
    return `
NFS_CORE_PARAM {
  NFS_Protocols = 3;
  Bind_addr = 127.0.0.1;
  NFS_Port = ${this.#port};
  MNT_Port = ${this.#mountPort};
  Enable_NLM = false;
  Enable_RQUOTA = false;
  Enable_UDP = false;
  NSM_Use_Caller_Name = false;
  Plugins_Dir = ${pluginDirectory};
}
NFSV4 { Graceless = true; }
EXPORT_DEFAULTS { PrivilegedPort = false; }
LOG { Default_Log_Level = EVENT; }
${exported.join('\n')}
`;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
