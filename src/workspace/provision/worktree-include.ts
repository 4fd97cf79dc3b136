import ignore, { type Ignore } from 'ignore';
import type { Git } from '../../git/git-process.ts';
import { baseName, type FileName, joinPath, type TreePath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { listNames } from '../walk.ts';
import { isHeavyName } from './file-categories.ts';
import { isReserved } from './provision-path.ts';

/** The file at the project's top that says, as a `.gitignore` does, which ignored files a workspace gets. */
export const includeName = '.worktreeinclude';

/**
 * What git ignores in the repository whose top is `directory`: files, and directories in which all is ignored, which
 * end in `/` and are not looked into.
 */
export async function ignoredPaths(git: Git, directory: string): Promise<string[]> {
  const args = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory'];
  const output = await git.run(['-C', directory, ...args]);
  return output.toString('latin1').split('\0').slice(0, -1);
}

/**
 * Which of the `ignored` paths of a main workspace the patterns in `text` (bytes) name: files, and directories as a
 * whole. A directory that is not named as a whole is looked into, but for repositories of their own; one of
 * dependencies or caches only where a pattern begins with its path.
 */
export function includedPaths(root: string, text: string, ignored: readonly string[]): TreePath[] {
  const rules = ignore({ ignoreCase: false }).add(text);
  const starts = text.split('\n').map((line) => line.trim().replace(/^\//, ''));
  const found: TreePath[] = [];
  for (const path of ignored) {
    const plain = path.replace(/\/$/, '') as TreePath;
    if (isReserved(plain)) continue;
    if (path.endsWith('/')) searchDirectory(root, plain, { rules, starts }, found);
    else if (rules.ignores(plain)) found.push(plain);
  }
  return found;
}

interface Patterns {
  readonly rules: Ignore;
  /** The lines without a leading `/`. */
  readonly starts: readonly string[];
}

function searchDirectory(root: string, directory: TreePath, patterns: Patterns, found: TreePath[]): void {
  const { rules, starts } = patterns;
  if (rules.ignores(`${directory}/`)) {
    found.push(directory);
    return;
  }
  const isHeavy = directory.split('/').some(isHeavyName);
  if (isHeavy && !starts.some((start) => start.startsWith(`${directory}/`))) return;
  if (diskStatus(root, `${directory}/.git`) !== undefined) return;
  for (const entry of listNames(root, directory)) {
    const path = joinPath(directory, entry.name as FileName);
    if (isReserved(baseName(path))) continue;
    if (entry.isDirectory()) searchDirectory(root, path, patterns, found);
    else if (rules.ignores(path)) found.push(path);
  }
}
