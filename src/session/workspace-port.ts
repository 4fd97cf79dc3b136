import type { Hash } from '../base/hash.ts';
import type { TreePath } from '../tree/path.ts';

/** What a workspace held at one moment. */
export interface WorkspaceSnapshot {
  /** The root of the tree that says what the files are. Its nodes and blobs are durable in the project's store. */
  readonly tree: Hash;
  /** What cannot be kept in a tree (sockets, devices, FIFOs), and why, so that nobody is surprised at landing. */
  readonly leftBehind: readonly { readonly path: TreePath; readonly reason: string }[];
}

/** What a workspace knows of itself and its session. */
export interface WorkspaceKnowledge {
  /** The session's tree when the two were last in agreement. */
  readonly agreed: Hash;
  /** The tree that the last snapshot or update left. */
  readonly recorded: Hash;
}

/** The directory in which a session's files are edited. The `workspace` room has the kinds there are. */
export interface Workspace {
  readonly kind: 'checkout';
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
  known(): WorkspaceKnowledge;
  /** Writes down that the session's ledger has `tree` as what the files are. */
  agree(tree: Hash): void;
  /** Moves the directory, as it is, to `directory`, which does not exist and lies beside it. */
  putAside(directory: string): Promise<void>;
}
