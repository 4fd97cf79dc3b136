import type { Stats } from 'node:fs';
import type { FileName } from '../../tree/path.ts';
import { keptPermissions } from '../permissions.ts';

/** What a checkout keeps of one name on disk. The numbers are part of the format of its state. */
export const rowKind = { directory: 0, file: 1, symlink: 2, gitlink: 3, leftBehind: 4 } as const;

export type RowKind = (typeof rowKind)[keyof typeof rowKind];

/** What is known of one name in a directory, and the status it had when that was true. */
export interface Row {
  readonly name: FileName;
  readonly kind: RowKind;
  /** Whether the recorded tree has it. Some names are only watched: what is left behind, for instance. */
  readonly recorded: boolean;
  /** True when the status proves nothing, so that it must be read to know whether it was changed. */
  readonly unsure: boolean;
  /** Permissions of a file or directory; of what is left behind its place in `leftBehindKinds`; otherwise 0. */
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly inode: number;
}

/** A row for what has the status `status`. */
export function rowOf(
  name: FileName,
  kind: Exclude<RowKind, 4>,
  status: Stats,
  options: { readonly recorded: boolean },
): Row {
  const hasMode = kind === rowKind.file || kind === rowKind.directory;
  return {
    name,
    kind,
    recorded: options.recorded,
    unsure: false,
    mode: hasMode ? keptPermissions(status.mode) : 0,
    size: status.size,
    mtimeMs: status.mtimeMs,
    ctimeMs: status.ctimeMs,
    inode: status.ino,
  };
}

/** Timestamps of files that whole seconds divide come from a file system that knows no finer ones, or only two. */
const coarseSlackMs = 4000;
/** Others are as fine as the kernel's tick, which is 10 ms or less; twice that, so that rounding does not matter. */
const fineSlackMs = 20;

/**
 * Whether something that was changed at `ctimeMs` and looked at when the file system's clock showed `lookedMs` could be
 * changed once more without a sign: a second change in the same tick of that clock leaves the same status. Every change
 * sets ctime, which no program can set back; mtime is of no use here.
 */
export function isRacy(ctimeMs: number, lookedMs: number): boolean {
  const slackMs = ctimeMs % 1000 === 0 ? coarseSlackMs : fineSlackMs;
  return ctimeMs + slackMs >= lookedMs;
}
