import type { Hash } from '../base/hash.ts';

/**
 * What a tree says of one path. No times and no owners: the same files are the same tree on every machine.
 *
 * - file: `mode` has the nine permission bits; `size` in bytes; `hash` names the content (of a file above
 *   `blob/file.ts`'s `wholeFileBytesMax`, its manifest).
 * - symlink: `hash` names a blob that holds the target, `size` is the target's length in bytes.
 * - gitlink: `commit` is the id of the submodule's commit, 40 or 64 hexadecimal digits.
 */
export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | GitlinkEntry;

export interface FileEntry {
  readonly type: 'file';
  readonly mode: number;
  readonly size: number;
  readonly hash: Hash;
}

export interface DirectoryEntry {
  readonly type: 'directory';
  readonly mode: number;
}

export interface SymlinkEntry {
  readonly type: 'symlink';
  readonly size: number;
  readonly hash: Hash;
}

export interface GitlinkEntry {
  readonly type: 'gitlink';
  readonly commit: string;
}

/** The permissions of a directory that nobody gave others. */
export const directoryMode = 0o755;

/** True when two entries (or two absences) say the same. */
export function sameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.type !== b.type) return false;
  switch (a.type) {
    case 'file':
      return a.hash === (b as FileEntry).hash && a.mode === (b as FileEntry).mode;
    case 'symlink':
      return a.hash === (b as SymlinkEntry).hash;
    case 'gitlink':
      return a.commit === (b as GitlinkEntry).commit;
    case 'directory':
      return a.mode === (b as DirectoryEntry).mode;
  }
}

/** One difference between two trees. At least one side is there. */
export interface Change<Path extends string = string> {
  readonly path: Path;
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
}
