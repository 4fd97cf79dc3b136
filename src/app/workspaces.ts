import { existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Session } from '../session/session.ts';
import type { Workspace } from '../session/workspace-port.ts';
import { workspaceErrorFrom } from '../workspace/workspace-error.ts';
import type { OpenProject } from './open-project.ts';
import type { OnProgress } from './projects.ts';
import { findMarker, type MarkerContent } from './workspace-marker.ts';

/** Makes and finds the workspaces of sessions on this machine. */
export class Workspaces {
  /** Where workspaces are made unless a directory is named, absolute. */
  readonly #root: string;
  /** The store that workspaces remember, absolute. */
  readonly #store: string;
  /** The top of the workspace that the command was called in. */
  readonly #here: string | undefined;

  constructor(root: string, store: string, here: string | undefined) {
    this.#root = root;
    this.#store = store;
    this.#here = here;
  }

  /** Where the session's workspace is made unless a directory is named. */
  defaultDirectory(session: Session): string {
    return join(this.#root, ...session.project.split('/'), session.id);
  }

  /** The workspace that the session has on this machine, or undefined. */
  async open(project: OpenProject, session: Session): Promise<Workspace | undefined> {
    const places = [this.#here, session.workspace?.directory, this.defaultDirectory(session)];
    for (const directory of places) {
      if (directory === undefined || !isWorkspaceOf(directory, session)) continue;
      const { openCheckout } = await import('../workspace/checkout/checkout.ts');
      return openCheckout(project, directory);
    }
    return undefined;
  }

  /** Makes a workspace with the session's files in `directory`, which is empty or does not exist. */
  async create(
    project: OpenProject,
    session: Session,
    directory: string,
    onProgress: OnProgress,
  ): Promise<Workspace> {
    // Loaded here: a command that touches no workspace starts without it.
    const { createCheckout } = await import('../workspace/checkout/checkout.ts');
    const marker: MarkerContent = { store: this.#store, project: session.project, session: session.id };
    return createCheckout(project, directory, session.tree, marker, {
      onProgress: ({ files, filesTotal }) => onProgress('Writing files', files, filesTotal),
    });
  }

  /** Puts the workspace of a removed session back in its place, where this machine has it and the place is free. */
  bringBack(session: Session): void {
    move(session, session.removed?.directory, session.workspace?.directory);
  }

  /** Puts the workspace of a removed session aside where a removal that was killed has left it in its place. */
  finishRemoval(session: Session): void {
    move(session, session.workspace?.directory, session.removed?.directory);
  }

  /** Deletes what was put aside of a removed session. */
  static async discard(session: Session): Promise<void> {
    const directory = putAsideOf(session);
    if (directory === undefined) return;
    const { removeCheckout } = await import('../workspace/checkout/checkout.ts');
    removeCheckout(directory);
  }
}

/** Where a workspace goes when its session is removed: beside where it was. */
export function putAsidePath(workspace: string, session: Session['id']): string {
  return join(dirname(workspace), `.removed-${session}`);
}

/**
 * What was put aside of a removed session, where this machine has it. The session's document comes from a store that
 * others write to, and its path may mean something else here: so only a workspace of this very session is one.
 */
function putAsideOf(session: Session): string | undefined {
  const directory = session.removed?.directory;
  return directory != null && isWorkspaceOf(directory, session) ? directory : undefined;
}

/** Moves the session's workspace, where it is at `from` and nothing is at `to`. */
function move(session: Session, from: string | null | undefined, to: string | null | undefined): void {
  if (from == null || to == null || existsSync(to) || !isWorkspaceOf(from, session)) return;
  try {
    renameSync(from, to);
  } catch (error) {
    throw workspaceErrorFrom(error, `move the workspace "${from}"`);
  }
}

function isWorkspaceOf(directory: string, session: Session): boolean {
  const marker = findMarker(directory);
  return marker?.directory === directory && marker.session === session.id;
}
