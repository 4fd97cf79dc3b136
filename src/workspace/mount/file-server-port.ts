import type { Hash } from '../../base/hash.ts';
import type { TakeMode } from '../../session/lease.ts';
import type { ProjectName } from '../../session/project-name.ts';
import type { SessionId } from '../../session/session-id.ts';
import type { WorkspaceKnowledge, WorkspaceSnapshot } from '../../session/workspace-port.ts';

/** Names what a file server serves, for as long as it does. Names are not used again. */
export type ServedId = string & { readonly ServedId: unique symbol };

/** Whom the files of a tree belong to, as numbers of the operating system. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** A session whose files are to be served. */
export interface AttachRequest {
  /** The directory of the store, absolute. */
  readonly store: string;
  readonly project: ProjectName;
  readonly session: SessionId;
  /** What the files are at first. */
  readonly tree: Hash;
  /** The times of those files, in ms since the Unix epoch. */
  readonly startedMs: number;
  /** Where it is to be mounted, absolute. */
  readonly directory: string;
  readonly owner: FileOwner;
}

/** Where an NFS client finds something. */
export interface ServedPath {
  readonly host: string;
  readonly port: number;
  /** What to mount. Whoever has it may: of a session, it holds the session's secret. */
  readonly path: string;
}

/** A session that a file server knows. */
export interface ServedSession extends ServedPath {
  readonly id: ServedId;
  readonly session: SessionId;
  /** The tree that its files are kept as differences from: it must not be collected. */
  readonly base: Hash;
  /** Where it is to be mounted, absolute. */
  readonly directory: string;
  /** The directory in which everything is kept that was changed in the session and not recorded. */
  readonly overlay: string;
  /** `detached`: kept, and not served. */
  readonly state: 'served' | 'detached';
}

/**
 * The file server of this user, which keeps the files of mounted sessions. Throws its own errors where it cannot be
 * reached or started, and `workspace/not-served` for an id that it does not know.
 */
export interface FileServer {
  /** Serves a session. One that was served before is served again as it was. */
  attach(request: AttachRequest): Promise<ServedSession>;
  /** What it knows of a session, detached or not. */
  find(store: string, session: SessionId): Promise<ServedSession | undefined>;
  /** Serves the session no more, and keeps all that it holds. */
  detach(id: ServedId): Promise<void>;
  /** Deletes what a detached session holds. */
  discard(id: ServedId): Promise<void>;
  /** Gives the session another secret: who has mounted it goes on, and nobody else can mount it with the old one. */
  renewSecret(id: ServedId): Promise<ServedSession>;
  /** Takes the session's lease, so that its files can be written here. See `takeLease`. */
  take(id: ServedId, mode: TakeMode): Promise<void>;
  /** See `Workspace.snapshot`. */
  capture(id: ServedId): Promise<WorkspaceSnapshot>;
  /** See `Workspace.update`. */
  update(id: ServedId, tree: Hash): Promise<void>;
  /** See `Workspace.known`. */
  known(id: ServedId): Promise<WorkspaceKnowledge>;
  /** See `Workspace.agree`. */
  agree(id: ServedId, tree: Hash): Promise<void>;
}
