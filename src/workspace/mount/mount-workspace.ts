import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hash } from '../../base/hash.ts';
import { systemCode } from '../../base/system-error.ts';
import type { TakeMode } from '../../session/lease.ts';
import type {
  LeftToDo,
  Workspace,
  WorkspaceKnowledge,
  WorkspaceSnapshot,
} from '../../session/workspace-port.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';
import { type LockOptions, withWorkspaceLock } from '../workspace-lock.ts';
import type { AttachRequest, FileServer, ServedSession } from './file-server-port.ts';
import type { Mounter, MountOutcome } from './mounter.ts';

const lock: LockOptions = { wait: (ms) => delay(ms), waitMsMax: 10_000 };

/**
 * Has a session served, to be mounted on `request.directory`, which is empty or does not exist. Mounts nothing yet.
 * Throws `workspace/not-empty`, and as the server does.
 */
export async function createMount(
  server: FileServer,
  mounter: Mounter,
  request: AttachRequest,
): Promise<MountWorkspace> {
  requireEmpty(request.directory);
  return new MountWorkspace(server, mounter, await server.attach(request), request.directory);
}

/** A session's files, kept by the file server, which an NFS client mounts on a directory. */
export class MountWorkspace implements Workspace {
  readonly kind = 'mount';
  readonly directory: string;
  readonly #server: FileServer;
  readonly #mounter: Mounter;
  #served: ServedSession;

  /** `directory` is where it is mounted, or to be mounted. */
  constructor(server: FileServer, mounter: Mounter, served: ServedSession, directory: string) {
    this.#server = server;
    this.#mounter = mounter;
    this.#served = served;
    this.directory = directory;
  }

  /** Where an NFS client finds the files. */
  get served(): ServedSession {
    return this.#served;
  }

  /** The command that mounts it, as its user would type it. */
  get mountLine(): string {
    return this.#mounter.mountLine(this.#served, this.directory);
  }

  /**
   * Mounts the directory where it is not mounted and this process may. The operating system shows to all its users what
   * it has mounted, secrets included: so a secret that was used is not good for a second time.
   */
  async mount(): Promise<MountOutcome> {
    const { session, id, path } = this.#served;
    const source = await this.#mounter.mountedSource(session, this.directory);
    const outcome: MountOutcome =
      source === undefined ? await this.#mounter.mount(this.#served, this.directory) : { mounted: true };
    const isUsed = source === undefined ? outcome.mounted : source.endsWith(path);
    if (isUsed) this.#served = await this.#server.renewSecret(id);
    return outcome;
  }

  /** Has the files written on this machine from now on. See `takeLease`. */
  take(mode: TakeMode): Promise<void> {
    return this.#server.take(this.#served.id, mode);
  }

  snapshot(): Promise<WorkspaceSnapshot> {
    return this.#server.capture(this.#served.id);
  }

  update(tree: Hash): Promise<void> {
    return this.#server.update(this.#served.id, tree);
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    return withWorkspaceLock(join(this.#served.overlay, 'turn'), lock, work);
  }

  known(): Promise<WorkspaceKnowledge> {
    return this.#server.known(this.#served.id);
  }

  agree(tree: Hash): Promise<void> {
    return this.#server.agree(this.#served.id, tree);
  }

  /** Unmounts the directory, and removes it. */
  async release(): Promise<LeftToDo> {
    if ((await this.#mounter.mountedSource(this.#served.session, this.directory)) !== undefined) {
      const left = await this.#mounter.unmount(this.directory);
      if (left !== undefined) return left;
    }
    removeIfEmpty(this.directory);
    return undefined;
  }

  /** The overlay: it stays where it is, and is served no more. */
  asidePath(): string {
    return this.#served.overlay;
  }

  /** Undoes `createMount`: nothing has been done in it. */
  async drop(): Promise<void> {
    await this.putAside();
    await this.#server.discard(this.#served.id);
  }

  async putAside(): Promise<LeftToDo> {
    const left = await this.release();
    await this.#server.detach(this.#served.id);
    return left;
  }
}

function requireEmpty(directory: string): void {
  try {
    if (readdirSync(directory).length === 0) return;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw workspaceErrorFrom(error, `mount a workspace on "${directory}"`);
  }
  throw new WorkspaceError(
    'workspace/not-empty',
    `"${directory}" is not empty. Choose a new directory for the workspace, or an empty one.`,
  );
}

/** The directory of a mount is nobody's work; one that has something in it is. */
function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
  }
}
