import { type FileName, type TreePath, textFromPath } from '../tree/path.ts';
import { GitError } from './git-error.ts';
import type { ObjectId } from './object-id.ts';

/** One entry of a git tree object. */
export interface GitTreeEntry {
  readonly name: FileName;
  readonly mode: number;
  readonly id: ObjectId;
}

export type GitEntryKind = 'file' | 'directory' | 'symlink' | 'gitlink';

/** The modes that git itself writes. */
export const gitMode = {
  file: 0o100644,
  groupWritableFile: 0o100664,
  executable: 0o100755,
  symlink: 0o120000,
  directory: 0o040000,
  gitlink: 0o160000,
} as const;

const kindMask = 0o170000;
const kindOf: ReadonlyMap<number, GitEntryKind> = new Map([
  [gitMode.file & kindMask, 'file'],
  [gitMode.symlink, 'symlink'],
  [gitMode.directory, 'directory'],
  [gitMode.gitlink, 'gitlink'],
]);

/** What kind of entry `mode` says. Throws `git/tree-malformed` for a kind that git has not. */
export function kindOfMode(mode: number, path: string): GitEntryKind {
  const kind = kindOf.get(mode & kindMask);
  if (kind === undefined) {
    throw new GitError(
      'git/tree-malformed',
      `"${textFromPath(path)}" has the mode ${mode.toString(8)}, which git does not know. The repository is damaged: run "git fsck" in it.`,
    );
  }
  return kind;
}

const canonicalModes: ReadonlySet<number> = new Set(Object.values(gitMode));

/** A git tree object, parsed. */
export interface GitTree {
  /** In the order of their names as bytes, each name once. */
  readonly entries: readonly GitTreeEntry[];
  /** False when writing these entries as git does would give other bytes: padded or unusual modes, another order. */
  readonly canonical: boolean;
}

const space = 0x20;
const zero = 0x30;

/**
 * Parses a git tree object whose ids have `idBytes` bytes. `path` is the directory, for messages. Throws
 * `git/tree-malformed` for bytes that are no tree and for a name that comes twice.
 */
export function parseGitTree(bytes: Buffer, idBytes: number, path: string): GitTree {
  const entries: GitTreeEntry[] = [];
  let canonical = true;
  let sorted = true;
  let previousKey = '';
  let previousName = '';
  for (let position = 0; position < bytes.length; ) {
    if (bytes[position] === zero) canonical = false;
    let mode = 0;
    for (; bytes[position] !== space; position++) {
      const digit = bytes[position]! - zero;
      if (!(digit >= 0 && digit < 8)) throw malformed(path);
      mode = mode * 8 + digit;
    }
    const nameStart = position + 1;
    const nameEnd = bytes.indexOf(0, nameStart);
    position = nameEnd + 1 + idBytes;
    if (nameEnd < 0 || position > bytes.length) throw malformed(path);
    const name = bytes.toString('latin1', nameStart, nameEnd) as FileName;
    const id = bytes.toString('hex', nameEnd + 1, position) as ObjectId;
    entries.push({ name, mode, id });
    if (!canonicalModes.has(mode)) canonical = false;
    const key = sortKey(name, mode);
    if (key <= previousKey) canonical = false;
    if (name <= previousName) sorted = false;
    previousKey = key;
    previousName = name;
  }
  if (!sorted) sortByName(entries, path);
  return { entries, canonical };
}

/** The bytes of a git tree object with `entries`, which may come in any order. */
export function encodeGitTree(entries: Iterable<GitTreeEntry>): Buffer {
  const sorted = Array.from(entries, (entry) => {
    const key = sortKey(entry.name, entry.mode);
    return { key, head: `${entry.mode.toString(8)} ${entry.name}\0`, id: entry.id };
  });
  sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
  const size = sorted.reduce((sum, { head, id }) => sum + head.length + id.length / 2, 0);
  // Into one buffer: a folder of many sessions is written again with each commit.
  const bytes = Buffer.allocUnsafe(size);
  let position = 0;
  for (const { head, id } of sorted) {
    position += bytes.write(head, position, 'latin1');
    position += bytes.write(id, position, 'hex');
  }
  return bytes;
}

/** Git sorts a directory as if its name ended with a slash. */
function sortKey(name: string, mode: number): string {
  return (mode & kindMask) === gitMode.directory ? `${name}/` : name;
}

function sortByName(entries: GitTreeEntry[], path: string): void {
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (let i = 1; i < entries.length; i++) {
    if (entries[i]!.name === entries[i - 1]!.name) {
      const twice = path === '' ? entries[i]!.name : `${path}/${entries[i]!.name}`;
      throw new GitError(
        'git/tree-malformed',
        `"${textFromPath(twice)}" is in its directory twice. The repository is damaged: run "git fsck" in it.`,
      );
    }
  }
}

function malformed(path: string): GitError {
  const where = path === '' ? 'the top directory' : `the directory "${textFromPath(path as TreePath)}"`;
  return new GitError(
    'git/tree-malformed',
    `The git tree of ${where} is damaged. Run "git fsck" in the repository.`,
  );
}
