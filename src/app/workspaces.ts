import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { TakeMode } from '../session/lease.ts';
import type { Session } from '../session/session.ts';
import type { WorkspaceKind } from '../session/workspace-port.ts';
import type { Checkout } from '../workspace/checkout/checkout.ts';
import type { FileOwner } from '../workspace/mount/file-server-port.ts';
import type { MountWorkspace } from '../workspace/mount/mount-workspace.ts';
import { workspaceErrorFrom } from '../workspace/workspace-error.ts';
import type { Mounts } from './mounts.ts';
import type { OpenProject } from './open-project.ts';
import type { OnProgress } from './projects.ts';
import { findMarker, type MarkerContent } from './workspace-marker.ts';

/** A workspace of any kind. */
export type AnyWorkspace = Checkout | MountWorkspace;

/** Which workspace to make: what is left out is as it was before, or as usual. */
export interface WorkspaceChoice {
  readonly kind?: WorkspaceKind | undefined;
  /** Absolute. */
  readonly directory?: string | undefined;
  /** How a mount takes the session's lease; otherwise where nobody else has it. */
  readonly lease?: TakeMode | undefined;
}

export interface WorkspacesOptions {
  /** Where workspaces are made unless a directory is named, absolute. */
  readonly root: string;
  /** The store that workspaces remember: an absolute path, or an `s3://` URL. */
  readonly store: string;
  /** The top of the workspace that the command was called in. */
  readonly here: string | undefined;
  /** Whom the files of mounted workspaces belong to. */
  readonly owner: FileOwner;
  /** Called when something is mounted or is to be. */
  readonly mounts: () => Promise<Mounts>;
  /** Whether something was mounted on this machine at some time; otherwise it is not looked for. */
  readonly mayHaveMounts?: () => boolean;
}

/** Makes and finds the workspaces of sessions on this machine. */
export class Workspaces {
  readonly #options: WorkspacesOptions;

  constructor(options: WorkspacesOptions) {
    this.#options = options;
  }

  /** The workspace that the session has on this machine, or undefined. */
  async open(project: OpenProject, session: Session): Promise<AnyWorkspace | undefined> {
    const { here } = this.#options;
    const isMount = session.workspace?.kind === 'mount';
    const hereIs = here === undefined ? undefined : kindOf(here, session);
    if (hereIs === 'mount' || (isMount && hereIs === undefined)) {
      const mount = await this.#openMount(session, hereIs && here);
      if (mount !== undefined) return mount;
    }
    // What may be a mount is not looked into: while its server is away, whoever does waits for it.
    const places = [
      here,
      isMount ? undefined : session.workspace?.directory,
      this.#defaultDirectory(session),
    ];
    for (const directory of places) {
      if (directory === undefined || kindOf(directory, session) !== 'checkout') continue;
      const { openCheckout } = await import('../workspace/checkout/checkout.ts');
      return openCheckout(project, directory);
    }
    // The session's last workspace may be another machine's, and of another kind. Whoever wrote a mount had a lease.
    const wasServed = session.lease !== null && !isMount && hereIs === undefined;
    return wasServed && this.#options.mayHaveMounts?.() ? this.#openMount(session, undefined) : undefined;
  }

  /** Which kind `create` makes. */
  kindFor(session: Session, choice: WorkspaceChoice): WorkspaceKind {
    return choice.kind ?? session.workspace?.kind ?? 'checkout';
  }

  /** Makes a workspace with the session's files in a directory that is empty or does not exist. */
  async create(
    openProject: () => Promise<OpenProject>,
    session: Session,
    choice: WorkspaceChoice,
    onProgress: OnProgress,
  ): Promise<AnyWorkspace> {
    const directory = choice.directory ?? this.#defaultDirectory(session);
    const kind = this.kindFor(session, choice);
    const { store, owner, mounts } = this.#options;
    if (kind === 'mount') {
      const { createMount } = await import('../workspace/mount/mount-workspace.ts');
      const { server, mounter } = await mounts();
      const { id, tree, createdMs: startedMs } = session;
      const request = { store, project: session.project, session: id, tree, startedMs, directory, owner };
      return createMount(server, mounter, request);
    }
    // Loaded here: a command that touches no workspace starts without it.
    const { createCheckout } = await import('../workspace/checkout/checkout.ts');
    const marker: MarkerContent = { store, project: session.project, session: session.id };
    return createCheckout(await openProject(), directory, session.tree, marker, {
      onProgress: ({ files, filesTotal }) => onProgress('Writing files', files, filesTotal),
    });
  }

  /** Puts the workspace of a removed session back in its place, where this machine has it and the place is free. */
  async bringBack(session: Session): Promise<void> {
    if (session.workspace?.kind !== 'mount') {
      move(session, session.removed?.directory, session.workspace?.directory);
      return;
    }
    const { server } = await this.#options.mounts();
    const { store, owner } = this.#options;
    const found = await server.find(store, session.id);
    if (found?.state !== 'detached') return;
    const { id, tree, createdMs: startedMs, project } = session;
    await server.attach({ store, project, session: id, tree, startedMs, directory: found.directory, owner });
  }

  /** Puts the workspace of a removed session aside where a removal that was killed has left it in its place. */
  async finishRemoval(session: Session): Promise<void> {
    if (session.workspace?.kind === 'mount') await (await this.#openMount(session, undefined))?.putAside();
    else move(session, session.workspace?.directory, session.removed?.directory);
  }

  /** Deletes what was put aside of a removed session. */
  async discard(session: Session): Promise<void> {
    if (session.workspace?.kind === 'mount') {
      if (session.removed?.directory == null || !existsSync(session.removed.directory)) return;
      const { server } = await this.#options.mounts();
      const found = await server.find(this.#options.store, session.id);
      if (found?.state === 'detached') await server.discard(found.id);
      return;
    }
    const directory = putAsideOf(session);
    if (directory === undefined) return;
    const { removeCheckout } = await import('../workspace/checkout/checkout.ts');
    removeCheckout(directory);
  }

  /** The session as the file server of this machine has it, mounted on `directory` or where it was to be. */
  async #openMount(session: Session, directory: string | undefined): Promise<MountWorkspace | undefined> {
    const { server, mounter } = await this.#options.mounts();
    const found = await server.find(this.#options.store, session.id);
    if (found === undefined || found.state === 'detached') return undefined;
    const { MountWorkspace } = await import('../workspace/mount/mount-workspace.ts');
    return new MountWorkspace(server, mounter, found, directory ?? found.directory);
  }

  #defaultDirectory(session: Session): string {
    return join(this.#options.root, ...session.project.split('/'), session.id);
  }
}

/**
 * What was put aside of a removed session, where this machine has it. The session's document comes from a store that
 * others write to, and its path may mean something else here: so only a workspace of this very session is one.
 */
function putAsideOf(session: Session): string | undefined {
  const directory = session.removed?.directory;
  return directory != null && kindOf(directory, session) === 'checkout' ? directory : undefined;
}

/** Moves the session's checkout, where it is at `from` and nothing is at `to`. */
function move(session: Session, from: string | null | undefined, to: string | null | undefined): void {
  if (from == null || to == null || existsSync(to) || kindOf(from, session) !== 'checkout') return;
  try {
    renameSync(from, to);
  } catch (error) {
    throw workspaceErrorFrom(error, `move the workspace "${from}"`);
  }
}

/** The kind of workspace that `directory` is the top of; undefined where it is none of this session. */
function kindOf(directory: string, session: Session): WorkspaceKind | undefined {
  const marker = findMarker(directory);
  return marker?.directory === directory && marker.session === session.id ? marker.kind : undefined;
}
