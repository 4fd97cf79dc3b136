import type { Hash } from '../base/hash.ts';
import type { TreePath } from '../tree/path.ts';
import type { SessionId } from './session-id.ts';

/** What a workspace held at one moment. */
export interface WorkspaceSnapshot {
  /** The root of the tree that says what the files are. Its nodes and blobs are durable in the project's store. */
  readonly tree: Hash;
  /** What cannot be kept in a tree (sockets, devices, FIFOs), and why, so that nobody is surprised at landing. */
  readonly leftBehind: readonly { readonly path: TreePath; readonly reason: string }[];
}

/** A command line that has to be typed by somebody who may do what it does; undefined when nothing is left to do. */
export type LeftToDo = string | undefined;

/** What a workspace knows of itself and its session. */
export interface WorkspaceKnowledge {
  /** The session's tree when the two were last in agreement. */
  readonly agreed: Hash;
  /** The tree that the last snapshot or update left. */
  readonly recorded: Hash;
}

/** `checkout`: real files, written once. `mount`: files that are served, and read when they are asked for. */
export const workspaceKinds = ['checkout', 'mount'] as const;
export type WorkspaceKind = (typeof workspaceKinds)[number];

/** The directory in which a session's files are edited. The `workspace` room has the kinds there are. */
export interface Workspace {
  readonly kind: WorkspaceKind;
  /** Absolute path of the directory. */
  readonly directory: string;
  /**
   * Records the files as they are now, new ones that are not ignored included, as a tree in the project's store.
   * Reads only files that changed since they were written or last recorded.
   */
  snapshot(): Promise<WorkspaceSnapshot>;
  /**
   * Brings the files to the tree `tree`. What is on disk must be what the last `snapshot` recorded: a file that was
   * changed since is not touched, and the call throws `workspace/changed` without having changed anything else.
   * Ignored files stay where they are.
   */
  update(tree: Hash): Promise<void>;
  /**
   * Runs `work` while no other `alone` runs on this workspace, in any process. Throws `workspace/busy` when another one
   * takes too long.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** What is known of the files without looking at them. */
  known(): Promise<WorkspaceKnowledge>;
  /** Writes down that the session's ledger has `tree` as what the files are. */
  agree(tree: Hash): Promise<void>;
  /**
   * Gives back what the machine holds of the directory besides its files, such as a mount; the files are kept. What
   * this process may not do is returned as a command for somebody who may.
   */
  release(): Promise<LeftToDo>;
  /** Where `putAside` keeps the files of session `id`. */
  asidePath(id: SessionId): string;
  /** Takes the directory away, and keeps all that it holds, as it is, at `directory`. Returns what `release` does. */
  putAside(directory: string): Promise<LeftToDo>;
}
