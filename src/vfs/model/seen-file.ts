import type { FileType } from '../file-system.ts';

/** What a program can see of a file besides its content. Times are nanoseconds since the Unix epoch. */
export interface SeenFile {
  readonly inode: number;
  readonly type: FileType;
  readonly mode: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/** What both sides must agree about, in a line. */
export function describeSeen(seen: SeenFile | undefined): string {
  if (seen === undefined) return 'nothing';
  const { type, mode, uid, gid, links } = seen;
  const owner = `${uid}:${gid}`;
  // The size of a directory is its own affair, and its links may be anybody's guess.
  if (type === 'directory') return `directory ${mode.toString(8)} ${owner}`;
  return `${type} ${mode.toString(8)} ${owner}, ${seen.size} bytes, ${links} links`;
}

/** Whether a directory's links say the same: 1 says that nobody counted. */
export function linksAgree(virtual: SeenFile | undefined, real: SeenFile | undefined): boolean {
  if (virtual?.type !== 'directory' || real === undefined) return true;
  return virtual.links === 1 || real.links === 1 || virtual.links === real.links;
}
