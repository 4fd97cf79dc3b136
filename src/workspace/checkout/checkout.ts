import { readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hash } from '../../base/hash.ts';
import type { SessionId } from '../../session/session-id.ts';
import type {
  LeftToDo,
  Workspace,
  WorkspaceKnowledge,
  WorkspaceSnapshot,
} from '../../session/workspace-port.ts';
import { markerName } from '../marker-name.ts';
import type { ProjectContent } from '../project-content.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';
import { type LockOptions, type Wait, withWorkspaceLock } from '../workspace-lock.ts';
import { type CreateProgress, materialise } from './create.ts';
import { Marker, type WorkspaceOwner } from './marker.ts';
import { settleUpdate } from './settle.ts';
import { takeSnapshot } from './snapshot.ts';
import type { CheckoutState } from './state.ts';
import { readState, stateOfTree } from './state-file.ts';
import { updateFiles } from './update.ts';

export interface CheckoutOptions {
  /** How long an operation waits for another process that is at work in the checkout, in ms; 10 s unless told otherwise. */
  readonly lockWaitMsMax?: number;
  readonly wait?: Wait;
}

export interface CreateCheckoutOptions extends CheckoutOptions {
  /**
   * Another checkout of the same project on the same disk. Its unchanged files are cloned instead of written, where the
   * file system can share blocks.
   */
  readonly reflinkFrom?: string;
  /** Told from time to time. */
  readonly onProgress?: (progress: CreateProgress) => void;
}

const lockWaitMsMaxDefault = 10_000;

/**
 * Makes a checkout of `tree` in a directory that is new or empty. `session` is any JSON value that `findWorkspace`
 * gives back: which store, project and session it belongs to. Throws `workspace/not-empty`, `workspace/full`,
 * `workspace/name-collision`, `workspace/denied`, and leaves what was there before.
 */
export async function createCheckout(
  content: ProjectContent,
  directory: string,
  tree: Hash,
  session: unknown,
  options: CreateCheckoutOptions = {},
): Promise<Checkout> {
  const { onProgress = () => {}, reflinkFrom } = options;
  const root = await materialise(content, directory, tree, {
    lock: lockOptions(options),
    session,
    onProgress,
    reflinkFrom,
  });
  return new Checkout(content, root, options);
}

/** The checkout in `directory`. Throws `workspace/not-a-workspace` and `workspace/unfinished`. */
export function openCheckout(
  content: ProjectContent,
  directory: string,
  options: CheckoutOptions = {},
): Checkout {
  const root = resolve(directory);
  ownerOf(root);
  return new Checkout(content, root, options);
}

/** Real files in a directory, and a record of them by which changes are found without reading what did not change. */
export class Checkout implements Workspace {
  readonly kind = 'checkout';
  readonly directory: string;
  readonly #content: ProjectContent;
  readonly #marker: Marker;
  readonly #lock: LockOptions;

  /** See `createCheckout` and `openCheckout`. */
  constructor(content: ProjectContent, root: string, options: CheckoutOptions) {
    this.#content = content;
    this.directory = root;
    this.#marker = new Marker(root);
    this.#lock = lockOptions(options);
  }

  /**
   * Records the files as they are now. A file of the recorded tree stays in it even if it is ignored; new files come
   * in unless they are ignored. Throws `workspace/unreadable`, `workspace/unsteady`, `workspace/busy`.
   */
  snapshot(): Promise<WorkspaceSnapshot> {
    return this.#atWork((state) => takeSnapshot(this.#content, this.directory, this.#marker, state));
  }

  /**
   * Brings the files to `tree`. Throws `workspace/changed` for a file that is not as the last snapshot recorded it, and
   * `workspace/in-the-way` for one that is not recorded and would be overwritten: then nothing was touched.
   */
  update(tree: Hash): Promise<void> {
    return this.#atWork((state) => updateFiles(this.#content, this.directory, this.#marker, state, tree));
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    return withWorkspaceLock(this.#marker.turnFile, this.#lock, work);
  }

  async known(): Promise<WorkspaceKnowledge> {
    const { tree } = ownerOf(this.directory);
    return { agreed: tree, recorded: readState(this.#marker)?.tree ?? tree };
  }

  async agree(tree: Hash): Promise<void> {
    const owner = ownerOf(this.directory);
    if (owner.tree !== tree) this.#marker.writeOwner({ ...owner, tree });
  }

  async release(): Promise<LeftToDo> {
    return undefined;
  }

  /** Beside the directory, so that it can be moved there as it is. */
  asidePath(id: SessionId): string {
    return join(dirname(this.directory), `.removed-${id}`);
  }

  async putAside(directory: string): Promise<LeftToDo> {
    try {
      renameSync(this.directory, directory);
    } catch (error) {
      throw workspaceErrorFrom(error, `put the workspace "${this.directory}" aside`);
    }
    return undefined;
  }

  #atWork<T>(work: (state: CheckoutState) => Promise<T>): Promise<T> {
    const { tree } = ownerOf(this.directory);
    return withWorkspaceLock(this.#marker.lockFile, this.#lock, async () => {
      const state = readState(this.#marker) ?? (await stateOfTree(this.#content.nodes, tree));
      return work(await settleUpdate(this.#content, this.directory, this.#marker, state));
    });
  }
}

/**
 * Deletes the directory of a checkout, finished or not, with all that is in it. The caller has recorded what was there.
 * Throws `workspace/not-a-workspace` for any other directory.
 */
export function removeCheckout(directory: string): void {
  const root = resolve(directory);
  const marker = new Marker(root);
  if (!marker.exists || marker.readOwner()?.kind === 'mount') throw notAWorkspace(root);
  try {
    // The marker goes last: killed on the way, what is left can still be removed.
    for (const name of readdirSync(root, { encoding: 'buffer' })) {
      if (name.toString() === markerName) continue;
      rmSync(Buffer.concat([Buffer.from(`${root}/`), name]), { recursive: true, force: true });
    }
    rmSync(join(root, markerName), { recursive: true, force: true });
    rmSync(root, { recursive: true, force: true });
  } catch (error) {
    throw workspaceErrorFrom(error, `remove the workspace "${root}"`);
  }
}

function ownerOf(root: string): WorkspaceOwner {
  const marker = new Marker(root);
  const owner = marker.readOwner();
  if (owner?.kind === 'checkout') return owner;
  if (owner !== undefined || !marker.exists) throw notAWorkspace(root);
  throw new WorkspaceError(
    'workspace/unfinished',
    `The making of the workspace "${root}" was interrupted. Make it again in the same place, or remove it.`,
  );
}

function notAWorkspace(root: string): WorkspaceError {
  return new WorkspaceError(
    'workspace/not-a-workspace',
    `"${root}" is no checkout: it has no "${markerName}" of one. Check the path.`,
  );
}

function lockOptions(options: CheckoutOptions): LockOptions {
  const { wait = (ms) => delay(ms), lockWaitMsMax = lockWaitMsMaxDefault } = options;
  return { wait, waitMsMax: lockWaitMsMax };
}
