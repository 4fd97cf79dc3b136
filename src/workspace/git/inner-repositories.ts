import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isAbsent } from '../../base/system-error.ts';
import type { Git } from '../../git/git-process.ts';
import type { Repository } from '../../git/repository.ts';
import { ancestorsOf, pathBytes, type TreePath } from '../../tree/path.ts';
import { diskPath } from '../disk-path.ts';
import { unreadable } from '../workspace-error.ts';
import type { GitWorkspace } from './workspace-record.ts';

/**
 * The repositories inside of a workspace. git keeps nothing of them: of some it records which commit they are at, of others
 * it lists the files as if there were no repository, and some it does not see at all.
 */
export interface InnerRepositories {
  /** Those whose history lies in the workspace's own git directory. */
  readonly submodules: readonly TreePath[];
  /** Directories that are a repository with all that is in them; of one inside of another, the outer. */
  readonly whole: readonly TreePath[];
  /** `.git` of directories whose files are the workspace's own: somebody has said `git init` among them. */
  readonly gitOnly: readonly TreePath[];
}

/** Sorts the directories of a workspace that have a `.git` (`findPassedOver`). */
export async function innerRepositories(
  { repository, directory }: Pick<GitWorkspace, 'repository' | 'directory'>,
  found: readonly TreePath[],
): Promise<InnerRepositories> {
  const isOfUs = (path: TreePath) => isSubmodule(repository, directory, path);
  const submodules = found.filter(isOfUs);
  const others = found.filter((path) => !isOfUs(path));
  if (others.length === 0) return { submodules, whole: [], gitOnly: [] };
  const tracked = await directoriesOfTracked(repository, directory);
  const gitOnly = others.filter((path) => tracked.has(path)).map((path) => `${path}/.git` as TreePath);
  const alone = new Set(others.filter((path) => !tracked.has(path)));
  const whole = [...alone].filter((path) => !Array.from(ancestorsOf(path)).some((above) => alone.has(above)));
  return { submodules, whole, gitOnly };
}

/**
 * Whether a repository has anything that could not be had again from where it came: commits, stashes or changes. Of what git
 * cannot tell, it is taken for granted.
 */
export async function hasOwnWork(git: Git, directory: string, path: TreePath): Promise<boolean> {
  const place = argumentFor(directory, path);
  if (place === undefined) return true;
  // A repository may name a program here, which is not to run because somebody removes a workspace.
  const at = ['-C', place, '-c', 'core.fsmonitor=false'];
  const answers = await Promise.all([
    git.attempt([...at, 'status', '--porcelain', '--untracked-files=normal']),
    git.attempt([...at, 'rev-list', '--max-count=1', '--all', 'HEAD', '--not', '--remotes', '--tags']),
  ]);
  if (answers.some(({ exitCode, stdout }) => exitCode !== 0 || stdout.length > 0)) return true;
  return (await git.attempt([...at, 'remote'])).stdout.length === 0;
}

/** A directory of a workspace as an argument of git; undefined where its name is no text, which no argument can be. */
export function argumentFor(directory: string, path: TreePath): string | undefined {
  const text = pathBytes(path).toString('utf8');
  return Buffer.from(text).equals(pathBytes(path)) ? join(directory, text) : undefined;
}

/** The directories that hold files which git tracks, however deep. */
async function directoriesOfTracked({ git }: Repository, directory: string): Promise<ReadonlySet<TreePath>> {
  const listed = (await git.run(['-C', directory, 'ls-files', '-z'])).toString('latin1');
  const directories = new Set<TreePath>();
  for (const path of listed.split('\0')) {
    for (const above of ancestorsOf(path as TreePath)) directories.add(above);
  }
  return directories;
}

/** Whether the git directory of `path` lies with those of the submodules. */
function isSubmodule({ gitDirectory }: Repository, directory: string, path: TreePath): boolean {
  const place = diskPath(directory, `${path}/.git`);
  try {
    if (!lstatSync(place).isFile()) return false;
    const [, target] = /^gitdir: (.*)\n$/.exec(readFileSync(place, 'utf8')) ?? [];
    if (target === undefined) return false;
    const modules = realpathSync(join(gitDirectory, 'modules'));
    const real = realpathSync(diskPath(directory, path));
    return resolve(real, target).startsWith(`${modules}/`);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw unreadable(path, error);
  }
}
