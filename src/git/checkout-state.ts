import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { ancestorsOf, pathBytes, type TreePath } from '../tree/path.ts';
import type { Checkout } from './checkouts.ts';
import { gitMode } from './git-tree.ts';
import type { GitContent } from './git-tree-edit.ts';
import type { ObjectId } from './object-id.ts';

/** What a checkout has at a path on disk: `obstacle` is what is neither a file nor a symlink, or no place for one. */
export type OnDisk = GitContent | 'nothing' | 'obstacle';

/** What the index has at a path. `absentFromDisk`: the user does not want the file on disk (a sparse checkout). */
export type InIndex =
  | { readonly kind: 'nothing' | 'unmerged' }
  | { readonly kind: 'entry'; readonly content: GitContent; readonly absentFromDisk: boolean };

/** A path at which two commits differ. */
export interface CommitChange {
  readonly path: TreePath;
  readonly before: GitContent | undefined;
  readonly after: GitContent | undefined;
}

/** The arguments that make git work on a checkout, in front of a command. */
export function checkoutArguments(checkout: Checkout, command: readonly string[]): string[] {
  const { directory, gitDirectory } = checkout;
  return ['-C', directory, `--git-dir=${gitDirectory}`, `--work-tree=${directory}`, ...command];
}

/** The path of something in a checkout, as the operating system wants it. */
export function diskPath({ directory }: Checkout, path: TreePath): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), pathBytes(path)]);
}

/** What differs between two commits; a file that moved is one that went and one that came. */
export async function changesBetween(
  checkout: Checkout,
  from: ObjectId,
  to: ObjectId,
): Promise<readonly CommitChange[]> {
  const command = [
    'diff-tree',
    '-r',
    '-z',
    '--raw',
    '--no-abbrev',
    '--no-renames',
    '--no-ext-diff',
    from,
    to,
  ];
  const output = await checkout.repository.git.run(checkoutArguments(checkout, command));
  const fields = output.toString('latin1').split('\0');
  const changes: CommitChange[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [modeBefore, modeAfter, before, after] = fields[i]!.slice(1).split(' ');
    const path = fields[i + 1] as TreePath;
    changes.push({ path, before: contentOf(modeBefore!, before!), after: contentOf(modeAfter!, after!) });
  }
  return changes;
}

function contentOf(mode: string, id: string): GitContent | undefined {
  const number = Number.parseInt(mode, 8);
  return number === 0 ? undefined : { mode: number, id: id as ObjectId };
}

/** What `indexFile` has at `paths`. */
export async function readIndex(
  checkout: Checkout,
  indexFile: string,
  paths: ReadonlySet<TreePath>,
): Promise<ReadonlyMap<TreePath, InIndex>> {
  const found = new Map<TreePath, InIndex>();
  const list = checkoutArguments(checkout, ['ls-files', '--stage', '-t', '-z', '--full-name']);
  const output = await checkout.repository.git.run(list, { indexFile });
  for (const record of output.toString('latin1').split('\0')) {
    const tab = record.indexOf('\t');
    const path = record.slice(tab + 1) as TreePath;
    if (tab < 0 || !paths.has(path)) continue;
    const [tag, mode, id, stage] = record.slice(0, tab).split(' ');
    const content = contentOf(mode!, id!);
    const isMerged = stage === '0' && content !== undefined;
    found.set(
      path,
      isMerged ? { kind: 'entry', content, absentFromDisk: tag === 'S' } : { kind: 'unmerged' },
    );
  }
  return found;
}

/**
 * What the disk has at `paths`, as git would add it: line ends and filters applied. The contents are in the repository
 * afterwards.
 */
export async function readDisk(
  checkout: Checkout,
  paths: Iterable<TreePath>,
): Promise<ReadonlyMap<TreePath, OnDisk>> {
  const found = new Map<TreePath, OnDisk>();
  const files: { readonly path: TreePath; readonly mode: number }[] = [];
  for (const path of paths) {
    const stats = await statusOf(checkout, path);
    if (stats === 'nothing' || stats === 'obstacle') found.set(path, stats);
    else if (stats.isSymbolicLink()) found.set(path, await linkOnDisk(checkout, path));
    // A list of paths to git ends each with a line break.
    else if (!stats.isFile() || path.includes('\n')) found.set(path, 'obstacle');
    else files.push({ path, mode: (stats.mode & 0o100) === 0 ? gitMode.file : gitMode.executable });
  }
  if (files.length === 0) return found;
  const hash = checkoutArguments(checkout, ['hash-object', '-w', '--stdin-paths']);
  const input = Buffer.from(files.map(({ path }) => `${path}\n`).join(''), 'latin1');
  const ids = (await checkout.repository.git.run(hash, { input })).toString('latin1').split('\n');
  for (const [i, { path, mode }] of files.entries()) found.set(path, { mode, id: ids[i] as ObjectId });
  return found;
}

async function linkOnDisk(checkout: Checkout, path: TreePath): Promise<GitContent> {
  const input = await readlink(diskPath(checkout, path), { encoding: 'buffer' });
  const hash = checkoutArguments(checkout, ['hash-object', '-w', '--stdin']);
  const id = (await checkout.repository.git.run(hash, { input })).toString('latin1').trim();
  return { mode: gitMode.symlink, id: id as ObjectId };
}

/** Also an obstacle: a directory on the way to `path` that is none, or a symlink to one, which leads elsewhere. */
async function statusOf(checkout: Checkout, path: TreePath): Promise<Stats | 'nothing' | 'obstacle'> {
  for (const ancestor of ancestorsOf(path)) {
    const stats = await statusOrNothing(diskPath(checkout, ancestor));
    if (stats !== 'nothing' && !stats.isDirectory()) return 'obstacle';
  }
  return statusOrNothing(diskPath(checkout, path));
}

async function statusOrNothing(path: Buffer): Promise<Stats | 'nothing'> {
  try {
    return await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'nothing';
    throw error;
  }
}
