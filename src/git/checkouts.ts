import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { RefName } from './refs.ts';
import { gitArguments, type Repository } from './repository.ts';

/** A directory that has a commit of a repository checked out. */
export interface Checkout {
  readonly repository: Repository;
  /** Absolute path of the files. */
  readonly directory: string;
  /** Absolute path of its own git directory, where its index is. */
  readonly gitDirectory: string;
}

/** The git directory that all worktrees of `repository` share. */
export async function commonDirectory({ gitDirectory }: Repository): Promise<string> {
  try {
    return resolve(gitDirectory, (await readFile(join(gitDirectory, 'commondir'), 'utf8')).trim());
  } catch {
    // Only linked worktrees have that file.
    return gitDirectory;
  }
}

/**
 * The checkouts that are on `branch`, with the names of their directories as git has them. `repository` is opened at its
 * common directory, and `own` says where it has a working tree of its own: beside that, elsewhere, or not at all.
 */
export async function checkoutsOf(
  repository: Repository,
  branch: RefName,
  own: 'beside' | 'elsewhere' | 'none',
): Promise<readonly Checkout[]> {
  const { gitDirectory } = repository;
  if (!existsSync(join(gitDirectory, 'worktrees'))) {
    if (own === 'none') return [];
    // Saves starting git, where refs are files.
    const head =
      own === 'beside' && basename(gitDirectory) === '.git' ? await headIn(gitDirectory) : undefined;
    if (head === branch) return [{ repository, directory: dirname(gitDirectory), gitDirectory }];
    if (head !== undefined) return [];
  }
  const args = gitArguments(repository, ['worktree', 'list', '--porcelain', '-z']);
  const output = (await repository.git.run(args)).toString('utf8');
  const checkouts: Checkout[] = [];
  for (const [index, record] of output.split('\0\0').entries()) {
    const fields = new Map(record.split('\0').map((line) => splitOnce(line)));
    const directory = fields.get('worktree');
    if (directory === undefined || fields.get('branch') !== branch || fields.has('bare')) continue;
    const gitDirectory = index === 0 ? repository.gitDirectory : await ownGitDirectory(directory);
    if (gitDirectory !== undefined)
      checkouts.push({ repository, directory: workingTree(directory), gitDirectory });
  }
  return checkouts;
}

/**
 * What the file `HEAD` of a git directory says: the branch, or that it is on none; undefined where it says nothing, since
 * refs are not files.
 */
async function headIn(gitDirectory: string): Promise<RefName | 'none' | undefined> {
  const text = await readFile(join(gitDirectory, 'HEAD'), 'utf8').catch(() => '');
  const [, branch] = /^ref: (refs\/heads\/.+)\n$/.exec(text) ?? [];
  if (branch !== undefined) return branch === 'refs/heads/.invalid' ? undefined : (branch as RefName);
  return /^[0-9a-f]{40,64}\n$/.test(text) ? 'none' : undefined;
}

/** Git says `/x/.git` of a main worktree whose git directory is named so that it cannot tell. */
function workingTree(directory: string): string {
  return directory.endsWith('/.git') ? directory.slice(0, -'/.git'.length) : directory;
}

function splitOnce(line: string): [string, string] {
  const space = line.indexOf(' ');
  return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
}

/** What the file `.git` of a linked worktree names; undefined where the directory is gone. */
async function ownGitDirectory(directory: string): Promise<string | undefined> {
  const file = join(directory, '.git');
  try {
    if ((await stat(file)).isDirectory()) return file;
    const [, path] = /^gitdir: (.*)\n?$/.exec(await readFile(file, 'utf8')) ?? [];
    return path === undefined ? undefined : resolve(directory, path);
  } catch {
    return undefined;
  }
}
