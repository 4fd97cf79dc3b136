import type { Session } from '../session/session.ts';
import type { Workspace } from '../session/workspace-port.ts';
import type { OpenProject } from './micelio.ts';
import type { OnProgress } from './projects.ts';

/** Makes and finds the workspaces of sessions on this machine. */
export class Workspaces {
  /** Where workspaces are made unless a directory is named, absolute. */
  readonly root: string;
  /** The store that workspaces remember, absolute. */
  readonly #store: string;

  constructor(root: string, store: string) {
    this.root = root;
    this.#store = store;
  }

  /** The workspace that the session has on this machine, or undefined. */
  async open(_project: OpenProject, _session: Session): Promise<Workspace | undefined> {
    void this.#store;
    return undefined;
  }

  /** Makes a workspace with the session's files in `directory`, which is empty or does not exist. */
  async create(
    _project: OpenProject,
    _session: Session,
    directory: string,
    _onProgress: OnProgress,
    _like?: string,
  ): Promise<Workspace> {
    throw new Error(directory);
  }
}
