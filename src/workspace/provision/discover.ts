import { lstatSync } from 'node:fs';
import type { Git } from '../../git/git-process.ts';
import {
  baseName,
  type FileName,
  joinPath,
  parentPath,
  type TreePath,
  textFromPath,
} from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { diskStatus } from '../disk-status.ts';
import { listNames } from '../walk.ts';
import { categoryOf, type FileCategory } from './file-categories.ts';
import { isReserved } from './provision-path.ts';
import { ignoreFileTracking } from './tracking.ts';

/** More than this in one directory is not counted: its size is what it is at least. */
const countedMax = 5000;
/** From so many files of one kind on, they are one line. */
const groupedMin = 5;
/** A larger directory of an editor's is not worth a copy. */
const editorBytesMax = 1024 * 1024;

/** Directories in which sessions have their workspaces. */
const workspaceDirectories = new Set(['.worktrees', '.sessions']);

/** Something that git does not track. */
export interface UntrackedEntry {
  /** A path, or a pattern for `files` of one kind. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'files';
  readonly category: FileCategory;
  /** Whether git ignores it; otherwise it would be recorded with the next `git add -A`. */
  readonly ignored: boolean;
  readonly files: number;
  readonly bytes: number;
  /** Whether there are so many files that `files` and `bytes` are only the first of them. */
  readonly isPartial: boolean;
}

/** A line for the configuration, and the reason. */
export interface ProposedLine {
  readonly entry: UntrackedEntry;
  /** Undefined where nothing should be done by a line. */
  readonly line: string | undefined;
  /** A line that `.gitignore` has to have first; undefined where it has what is needed. */
  readonly ignoreLine: string | undefined;
  readonly reason: string;
}

/**
 * Lists what git does not track in the main workspace whose top is `directory`, by category and path; a directory in which
 * nothing is tracked is one entry. Looks at names and sizes only, and reads no file.
 */
export async function discoverUntracked(git: Git, directory: string): Promise<UntrackedEntry[]> {
  const args = [
    'status',
    '--porcelain',
    '-z',
    '--no-renames',
    '--untracked-files=normal',
    '--ignored=matching',
  ];
  const lines = (await git.run(['-C', directory, ...args])).toString('latin1').split('\0');
  const entries = lines.flatMap((line) => {
    const mark = line.slice(0, 3);
    if (mark !== '?? ' && mark !== '!! ') return [];
    return entryOf(directory, line.slice(3), mark === '!! ');
  });
  const order = [
    ...new Set<FileCategory>(['configuration', 'secret', 'tool', 'editor', 'dependencies', 'build', 'other']),
  ];
  return grouped(entries).sort(
    (a, b) => order.indexOf(a.category) - order.indexOf(b.category) || (a.path < b.path ? -1 : 1),
  );
}

/** Says for each entry which line a configuration could have for it, and why. */
export async function proposeLines(
  directory: string,
  entries: readonly UntrackedEntry[],
): Promise<ProposedLine[]> {
  // A pattern that ends in a slash is about directories, and does not ignore a symlink in their place.
  const asLinks = await ignoreFileTracking(directory).ignored(entries.map(({ path }) => path as TreePath));
  return entries.map((entry) => ({ entry, ...proposal(entry, asLinks.has(entry.path as TreePath)) }));
}

function proposal(
  entry: UntrackedEntry,
  isIgnoredAsLink: boolean,
): Pick<ProposedLine, 'line' | 'ignoreLine' | 'reason'> {
  const { ignoreLine, ...proposed } = lineFor(entry, isIgnoredAsLink);
  return { ...proposed, ignoreLine };
}

function lineFor(
  entry: UntrackedEntry,
  isIgnoredAsLink: boolean,
): Pick<ProposedLine, 'line' | 'reason'> & { readonly ignoreLine?: string } {
  const { category, path, kind, ignored } = entry;
  const source = escapedPath(path, kind);
  if (!ignored) {
    const line = `/${textFromPath(path)}${kind === 'directory' ? '/' : ''}`;
    return {
      line: undefined,
      ignoreLine: line,
      reason: `Git does not ignore it. Commit it, or add ${line} to .gitignore first.`,
    };
  }
  switch (category) {
    case 'configuration':
      return {
        line: `copy:${source}`,
        reason: 'Configuration of this machine: each session has its own copy.',
      };
    case 'secret':
      return /^(?:.*\/)?\.?[^/]*env[^/]*$/i.test(path)
        ? {
            line: `copy:${source}`,
            reason:
              'Looks like secrets. A template with secret.NAME keeps their values out of the main workspace.',
          }
        : {
            line: `skip:${source}`,
            reason: 'Looks like a secret. Sessions that need it get it by a template with secret.NAME.',
          };
    case 'tool':
      return { line: `copy:${source}`, reason: "A tool's own settings, or a script of this machine." };
    case 'editor':
      return entry.isPartial || entry.bytes > editorBytesMax
        ? { line: `skip:${source}`, reason: 'Of an editor, and large: it makes it again.' }
        : { line: `copy:${source}`, reason: 'Settings of an editor.' };
    case 'dependencies': {
      const shared =
        'Large, and the same for all: linked. A session that installs something changes it for everybody; then use copy.';
      if (isIgnoredAsLink) return { line: `symlink:${source}`, reason: shared };
      const ignoreLine = `/${textFromPath(path)}`;
      const needed = ` Needs the line ${ignoreLine} in .gitignore, without a / at its end.`;
      return { line: `symlink:${source}`, ignoreLine, reason: `${shared}${needed}` };
    }
    case 'build':
      return { line: `skip:${source}`, reason: 'Made by building. With copy a session starts with it.' };
    case 'other':
      return { line: `skip:${source}`, reason: 'Not known. Use copy where sessions need it.' };
  }
}

/** The path as a line names it. */
function escapedPath(path: string, kind: UntrackedEntry['kind']): string {
  const text = textFromPath(path);
  return kind === 'files' ? text : text.replace(/[\\*?[:]/g, '\\$&');
}

function entryOf(root: string, listed: string, ignored: boolean): UntrackedEntry[] {
  const path = listed.replace(/\/$/, '') as TreePath;
  const name = baseName(path);
  if (isReserved(path) || workspaceDirectories.has(name)) return [];
  const status = lstatSync(diskPath(root, path), { throwIfNoEntry: false });
  if (status === undefined) return [];
  if (!status.isDirectory()) {
    const category = categoryOf(name, 'file');
    return [{ path, kind: 'file', category, ignored, files: 1, bytes: status.size, isPartial: false }];
  }
  // A repository of its own, such as another session's workspace, is no part of this one.
  if (diskStatus(root, `${path}/.git`) !== undefined) return [];
  const count = { files: 0, bytes: 0 };
  const isWhole = countFiles(root, path, count);
  return [
    {
      path,
      kind: 'directory',
      category: categoryOf(name, 'directory'),
      ignored,
      ...count,
      isPartial: !isWhole,
    },
  ];
}

/** Adds up what is in a directory; false when there is more than is counted. */
function countFiles(root: string, directory: TreePath, count: { files: number; bytes: number }): boolean {
  for (const entry of listNames(root, directory)) {
    if (count.files >= countedMax) return false;
    const path = joinPath(directory, entry.name as FileName);
    if (entry.isDirectory()) {
      if (!countFiles(root, path, count)) return false;
      continue;
    }
    count.files++;
    count.bytes += lstatSync(diskPath(root, path), { throwIfNoEntry: false })?.size ?? 0;
  }
  return true;
}

/** Many files with the same ending, of a kind that nobody copies, become one pattern. */
function grouped(entries: readonly UntrackedEntry[]): UntrackedEntry[] {
  const groups = Map.groupBy(entries, (entry) => {
    const ending = /\.[A-Za-z0-9]+$/.exec(entry.path)?.[0];
    const isGroupable = entry.kind === 'file' && (entry.category === 'build' || entry.category === 'other');
    return isGroupable && ending !== undefined
      ? `${entry.category} ${entry.ignored} ${ending}`
      : `= ${entry.path}`;
  });
  return [...groups].flatMap(([key, members]) => {
    const [first] = members;
    if (first === undefined || members.length < groupedMin) return members;
    const ending = key.split(' ')[2]!;
    const directories = new Set(members.map(({ path }) => parentPath(path as TreePath)));
    const path =
      directories.size === 1 && !directories.has('' as TreePath)
        ? `${[...directories][0]}/*${ending}`
        : `**/*${ending}`;
    const bytes = members.reduce((sum, member) => sum + member.bytes, 0);
    return [{ ...first, path, kind: 'files', files: members.length, bytes } as const];
  });
}
