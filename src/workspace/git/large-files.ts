import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsent } from '../../base/system-error.ts';
import type { Repository } from '../../git/repository.ts';
import type { TreePath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { duplicateFiles } from './duplicate-files.ts';
import type { GitWorkspace } from './workspace-record.ts';

/**
 * Makes LFS pointers of a fresh workspace the files that they stand for, as far as the hub has these, and has git make pointers
 * of them again where somebody commits. `pointers` where git-lfs is not installed, or could not; undefined where none are used.
 */
export async function fetchLargeFiles(
  { git, gitDirectory }: Repository,
  directory: string,
): Promise<'present' | 'pointers' | undefined> {
  if (!usesLargeFiles(directory)) return undefined;
  const isLinked = !existsSync(join(gitDirectory, 'objects'));
  // Without hooks: those of the workspace are ours, and hand on to the user's.
  const scope = isLinked ? '--worktree' : '--local';
  for (const command of [['install', scope, '--skip-repo'], ['pull']]) {
    const { exitCode } = await git.attempt(['-C', directory, 'lfs', ...command]);
    if (exitCode !== 0) return 'pointers';
  }
  return 'present';
}

/**
 * Brings the contents that LFS pointers of a clone stand for to the hub, where git-lfs looks for them: git brings the pointers
 * alone. A worktree has them in the hub from the beginning.
 */
export function keepLargeFiles({ repository, record }: GitWorkspace, hub: Repository): void {
  if (record.kind === 'worktree') return;
  const placeOf = ({ gitDirectory }: Repository) => join(gitDirectory, 'lfs', 'objects');
  const [from, to] = [placeOf(repository), placeOf(hub)];
  const sizeIn = (place: string, path: TreePath) => diskStatus(place, path)?.size;
  const missing = contentsIn(from).filter((path) => sizeIn(from, path) !== sizeIn(to, path));
  if (missing.length === 0) return;
  try {
    mkdirSync(to, { recursive: true });
    // Somebody who was killed may have copied half of one.
    for (const path of missing) rmSync(join(to, path), { force: true });
  } catch (error) {
    throw workspaceErrorFrom(error, `write into "${to}"`);
  }
  duplicateFiles({ from, to, paths: missing });
}

/** The files below `directory`; their names are made of digits. */
function contentsIn(directory: string): TreePath[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1) as TreePath);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw workspaceErrorFrom(error, `look into "${directory}"`);
  }
}

/** LFS is asked for by an attribute. It is usually set at the top. */
function usesLargeFiles(directory: string): boolean {
  const path = join(directory, '.gitattributes');
  return existsSync(path) && /^[^#]*\bfilter=lfs\b/m.test(readFileSync(path, 'utf8'));
}
