import { MicelioError } from '../base/error.ts';
import { type SystemTrouble, systemCode, systemTrouble } from '../base/system-error.ts';
import { type TreePath, textFromPath } from '../tree/path.ts';

export type WorkspaceErrorCode =
  /** A file or directory cannot be read. */
  | 'workspace/unreadable'
  /** A file was changed again and again while it was read. */
  | 'workspace/unsteady'
  /** A file is not as it was recorded, and the operation would overwrite it. */
  | 'workspace/changed'
  /** Something that is not recorded stands where a file should go. */
  | 'workspace/in-the-way'
  /** A workspace cannot be made in a directory that has something in it. */
  | 'workspace/not-empty'
  /** The file server does not know what is to be mounted. */
  | 'workspace/not-served'
  /** The directory is no workspace. */
  | 'workspace/not-a-workspace'
  /** Something in a workspace cannot be kept, so the workspace is not removed. */
  | 'workspace/cannot-keep'
  /** git cannot bring main into a workspace. */
  | 'workspace/cannot-sync'
  /** The repository of a workspace is not where the workspace has it. */
  | 'workspace/hub-moved'
  /** A submodule of the project cannot be checked out. */
  | 'workspace/submodule'
  /** The making of the workspace was interrupted. */
  | 'workspace/unfinished'
  /** Another process is at work in the workspace. */
  | 'workspace/busy'
  /** Two names differ only in what the file system takes for the same. */
  | 'workspace/name-collision'
  /** The disk is full. */
  | 'workspace/full'
  /** The operating system does not allow it. */
  | 'workspace/denied'
  /** The operating system failed in another way. */
  | 'workspace/disk'
  /** Something on disk has a format of a newer version. */
  | 'workspace/format-unknown';

export class WorkspaceError extends MicelioError<WorkspaceErrorCode> {}

const codes = {
  full: 'workspace/full',
  denied: 'workspace/denied',
  failed: 'workspace/disk',
} as const satisfies Record<SystemTrouble['kind'], WorkspaceErrorCode>;

/** What an error of the operating system means to someone who could not `action` ("write src/a.ts"). */
export function workspaceErrorFrom(error: unknown, action: string): Error {
  const trouble = systemTrouble(error);
  if (trouble === undefined) return error instanceof Error ? error : new Error(String(error));
  return new WorkspaceError(codes[trouble.kind], `Cannot ${action}: ${trouble.words}.`, { cause: error });
}

/** The error for a path that could not be read. */
export function unreadable(path: string, cause: unknown): WorkspaceError {
  return new WorkspaceError(
    'workspace/unreadable',
    `Cannot read "${textFromPath(path)}" (${systemCode(cause) ?? String(cause)}). Make it readable, or leave it out with a line in .gitignore; then do it again.`,
    { cause },
  );
}

/** Says that a file which is to be replaced or removed was changed since it was recorded. */
export function changedSince(path: TreePath): WorkspaceError {
  return new WorkspaceError(
    'workspace/changed',
    `"${textFromPath(path)}" was changed since the workspace was last recorded. Nothing was touched. Record it first, for instance with "mic session checkpoint", then do it again.`,
  );
}

/** Says that something which is not recorded stands where a file is to be written. */
export function inTheWay(path: TreePath): WorkspaceError {
  return new WorkspaceError(
    'workspace/in-the-way',
    `"${textFromPath(path)}" is not part of the session, and would be lost. Nothing was touched. Move it away, then do it again.`,
  );
}
