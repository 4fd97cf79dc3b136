import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { systemCode } from '../../base/system-error.ts';
import { type NfsServer, startNfsServer } from '../../nfs/server.ts';
import type { ProcessLock } from '../../storage/directory/process-lock.ts';
import type { PeerServer } from '../../storage/peers/peer-server.ts';
import type { FileServerSettings } from '../configuration.ts';
import { openDiskCache } from '../store-cache.ts';
import type { StoreRequests } from '../store-requests.ts';
import { bootName } from './boot.ts';
import type { CallHandlers, FileServerStatus } from './calls.ts';
import { type RecordingReason, recordSessions } from './checkpoint.ts';
import { ControlServer } from './control-server.ts';
import type { ExportRecord } from './export-record.ts';
import { ExportRegistry } from './export-registry.ts';
import { FileServerError } from './file-server-error.ts';
import { LocalFileServer } from './local-file-server.ts';
import type { Log } from './log.ts';
import { type OpenedExport, openExport } from './open-export.ts';
import { OpenExports } from './open-exports.ts';
import { SessionLeases } from './session-leases.ts';
import { SessionRounds } from './session-rounds.ts';
import type { StateDirectory } from './state-directory.ts';
import { Stores } from './stores.ts';

/** The port that is tried first, before any that is free. */
const portDefault = 12_049;
/** A session that nobody has used for so long is closed, in ms; and how often that is looked at. */
const idleMsMax = 10 * 60 * 1000;
const idleCheckMs = 60 * 1000;
/** How long what was done stays unsynced at most while nobody asks for it, in ms; the time that syncing takes comes on top. */
const syncMs = 1000;
/** Sessions that are open at once, unless more are in use: each has some files of the process open. */
const openMax = 2048;
/** How often the lock is tried, and how long apart, in ms. */
const lockAttemptsMax = 5;
const lockPauseMs = 10;
/** How long calls that are under way may still take when the server stops, in ms. */
const stopMsMax = 30_000;

export interface FileServerProcessOptions {
  readonly settings: FileServerSettings;
  readonly state: StateDirectory;
  readonly version: string;
  readonly log: Log;
  /** Counts what is sent to remote stores. */
  readonly requests: StoreRequests;
  readonly clock: Clock;
  readonly random: Random;
  readonly uid: number;
  readonly platform: NodeJS.Platform;
}

/** All that is mic-fs: the NFS server, the control channel, and what they serve. One runs in a state directory. */
export class FileServerProcess {
  readonly #options: FileServerProcessOptions;
  readonly #lock: ProcessLock;
  readonly #registry: ExportRegistry;
  readonly #stores: Stores;
  readonly #leases: SessionLeases;
  readonly #exports: OpenExports<OpenedExport>;
  readonly #startedMs: number;
  readonly #stopped = Promise.withResolvers<void>();
  #nfs: NfsServer | undefined;
  #files: LocalFileServer | undefined;
  #control: ControlServer | undefined;
  #peers: PeerServer | undefined;
  #rounds: SessionRounds | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(options: FileServerProcessOptions, lock: ProcessLock) {
    const { settings, log, clock, random, platform, uid, requests } = options;
    this.#stores = new Stores(settings.tiers, (problem) => log.failed('caching', problem), requests);
    this.#options = options;
    this.#lock = lock;
    this.#startedMs = clock.now();
    this.#registry = ExportRegistry.open(settings.overlays, uid, (directory) =>
      log.say(`"${directory}" is not what this version writes, and is not served`),
    );
    this.#leases = new SessionLeases({
      registry: this.#registry,
      project: (record) => this.#stores.project(record.store, record.project),
      ...{ clock, log, settings: settings.lease },
      sleep: (ms) => delay(ms, undefined, { ref: false }),
    });
    const surroundings = {
      stores: this.#stores,
      leases: this.#leases,
      directoryOf: ({ id }) => this.#registry.directoryOf(id),
      clock,
      random,
      boot: bootName(platform, random),
    } satisfies Parameters<typeof openExport>[1];
    this.#exports = new OpenExports({
      registry: this.#registry,
      clock,
      open: (record) => openExport(record, surroundings),
      onFailure: (record, error) =>
        log.failed(`closing ${record.kind === 'session' ? record.session : record.tree}`, error),
      idleMsMax,
      openMax,
    });
  }

  /**
   * Starts it, ready for calls and clients; `running` when another process is it. Throws `file-server/port-taken` and
   * `file-server/denied`.
   */
  static async start(options: FileServerProcessOptions): Promise<FileServerProcess | 'running'> {
    const lock = await takeLock(options.state);
    if (lock === undefined) return 'running';
    let server: FileServerProcess | undefined;
    try {
      server = new FileServerProcess(options, lock);
      await server.#start();
      return server;
    } catch (error) {
      if (server === undefined) lock.close();
      else await server.stop('restart');
      throw error;
    }
  }

  /** Fulfilled when it has stopped, for whatever reason. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  get status(): FileServerStatus {
    const { version, settings } = this.#options;
    return {
      version,
      pid: process.pid,
      host: settings.host,
      port: this.#nfs?.port ?? 0,
      startedMs: this.#startedMs,
      exports: this.#registry.size,
      open: this.#exports.size,
      busy: this.#files?.busy ?? 0,
    };
  }

  /**
   * Takes no more calls and clients, finishes those under way, and closes everything. With `checkpoint` it records what
   * is open first; for a `restart` it doesn't, since all is kept and served again.
   */
  stop(how: 'checkpoint' | 'restart'): Promise<void> {
    this.#stopping ??= this.#stop(how).finally(() => this.#stopped.resolve());
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { settings, state, version, log, random } = this.#options;
    if (!isLoopback(settings.host)) {
      log.say(
        `warning: listening on ${settings.host}, where other machines may come in. NFS sends everything as it is: who can listen on the network sees the files and their secrets`,
      );
    }
    this.#nfs = await this.#listen(await state.handleKey(random));
    const files = new LocalFileServer({
      registry: this.#registry,
      exports: this.#exports,
      stores: this.#stores,
      leases: this.#leases,
      random,
      host: hostForClients(settings.host),
      port: this.#nfs.port,
    });
    this.#files = files;
    const socket = state.socketPath();
    this.#control = await ControlServer.listen(socket, this.#handlers(files), (error) =>
      log.failed('a call', error),
    );
    await state.writeRunning({ pid: process.pid, version, socket });
    this.#idleTimer = setInterval(() => {
      this.#exports.closeIdle().catch((error) => log.failed('closing what is idle', error));
    }, idleCheckMs).unref();
    this.#syncLater();
    this.#rounds = new SessionRounds({
      ...{ leases: this.#leases, registry: this.#registry, settings: settings.lease, log },
      record: (records) => this.#record(files, records, 'unasked'),
    });
    await this.#servePeers();
    log.say(`started, version ${version}, pid ${process.pid}, port ${this.#nfs.port}`);
  }

  /** Syncs what is open from time to time: `docs/durability.md`. */
  #syncLater(): void {
    this.#syncTimer = setTimeout(async () => {
      await this.#exports.syncOpen();
      if (this.#stopping === undefined) this.#syncLater();
    }, syncMs).unref();
  }

  /** Gives other servers what is kept on this disk, where that is configured. Sessions are served without it, too. */
  async #servePeers(): Promise<void> {
    const { settings, log } = this.#options;
    const listen = settings.tiers.peers?.listen;
    if (settings.tiers.peers === undefined || listen === undefined) return;
    const { servePeers } = await import('../open-peers.ts');
    const onProblem = (problem: Error): void => log.failed('answering a peer', problem);
    try {
      const cache = openDiskCache(settings.tiers);
      this.#peers = await servePeers(listen, settings.tiers.peers, cache, onProblem);
      log.say(`peers are served on port ${this.#peers.port}`);
    } catch (error) {
      log.failed(`serving peers on ${listen}`, error);
    }
  }

  /** Mounts know the port: so it stays the same for ever, unless nothing can be mounted. */
  async #listen(handleKey: Uint8Array): Promise<NfsServer> {
    const { settings, state } = this.#options;
    const chosen = settings.port ?? state.readPort();
    const mayMove = settings.port === undefined && this.#registry.size === 0;
    const ports = chosen === undefined || mayMove ? [chosen ?? portDefault, portDefault, 0] : [chosen];
    for (const port of ports) {
      const server = await this.#tryPort(port, handleKey);
      if (server === undefined) continue;
      if (server.port !== state.readPort()) await state.writePort(server.port);
      return server;
    }
    throw new FileServerError(
      'file-server/port-taken',
      `Port ${chosen} of ${settings.host}, on which sessions are mounted, is taken by another program. End that one; or set MICELIO_FS_PORT to another port, unmount the sessions, and mount them again with "mic session path".`,
    );
  }

  async #tryPort(port: number, handleKey: Uint8Array): Promise<NfsServer | undefined> {
    const { settings, log } = this.#options;
    try {
      return await startNfsServer({
        exports: this.#exports,
        host: settings.host,
        port,
        handleKey,
        onError: (error, doing) => log.failed(doing, error),
      });
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EADDRINUSE') return undefined;
      if (code === undefined) throw error;
      throw new FileServerError(
        'file-server/denied',
        `mic-fs cannot listen on ${settings.host}, port ${port} (${code}). Correct MICELIO_FS_HOST and MICELIO_FS_PORT, or "fs" in config.json.`,
        { cause: error },
      );
    }
  }

  #handlers(files: LocalFileServer): CallHandlers {
    return {
      status: () => this.status,
      stop: ({ how }) => {
        // Answered first: the answer is one of the calls that the end waits for.
        setImmediate(() => this.stop(how));
        return {};
      },
      attach: (request) => files.attach(request),
      find: async ({ store, session }) => ({ found: (await files.find(store, session)) ?? null }),
      list: async () => ({ sessions: await files.list(), lost: this.#leases.lost }),
      detach: ({ id }) => done(files.detach(id)),
      discard: ({ id }) => done(files.discard(id)),
      take: ({ id, mode }) => done(files.take(id, mode)),
      renewSecret: ({ id }) => files.renewSecret(id),
      capture: async ({ id }) => {
        const { tree, leftBehind } = await files.capture(id);
        return { tree, leftBehind: [...leftBehind] };
      },
      update: ({ id, tree }) => done(files.update(id, tree)),
      known: ({ id }) => files.known(id),
      agree: ({ id, tree }) => done(files.agree(id, tree)),
      serveTree: (request) => files.serveTree(request),
    };
  }

  #record(files: LocalFileServer, records: readonly ExportRecord[], why: RecordingReason): Promise<void> {
    const { log, uid, platform } = this.#options;
    const surroundings = { files, stores: this.#stores, leases: this.#leases, log, uid, platform };
    return recordSessions(records, why, surroundings);
  }

  async #stop(how: 'checkpoint' | 'restart'): Promise<void> {
    const { state, log } = this.#options;
    log.say(`stopping`);
    clearInterval(this.#idleTimer);
    clearTimeout(this.#syncTimer);
    await this.#peers?.close();
    await this.#nfs?.close();
    await this.#control?.close(stopMsMax);
    await this.#rounds?.stop();
    if (how === 'checkpoint' && this.#files !== undefined) {
      const ids = new Set([...this.#exports.ids, ...this.#leases.unrecorded()]);
      const open = [...this.#registry].filter(
        (record) => record.kind === 'session' && record.state === 'served' && ids.has(record.id),
      );
      await this.#record(this.#files, open, 'asked');
      await this.#leases.giveBackAll();
    }
    await this.#exports.closeAll();
    if (this.#control !== undefined) state.removeRunning();
    this.#lock.close();
    log.say('stopped');
  }
}

/** Others take the lock for a moment, to see whether somebody has it. */
async function takeLock(state: StateDirectory): Promise<ProcessLock | undefined> {
  for (let attempt = 1; ; attempt++) {
    const lock = state.tryLock();
    if (lock !== undefined || attempt === lockAttemptsMax) return lock;
    await delay(lockPauseMs);
  }
}

/** What a call answers that has nothing to say. */
async function done(work: Promise<void>): Promise<Record<string, never>> {
  await work;
  return {};
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** Where clients on this machine find a server that listens on `host`, which may be all addresses. */
function hostForClients(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
