import { type FileName, joinPath, rootPath, type TreePath } from '../../tree/path.ts';
import { stagingName } from '../provision/provision-path.ts';
import { isGitName, listNames } from '../walk.ts';

/** What lies in a working tree without git taking notice of it, ignored or not. */
export interface PassedOver {
  /** Directories that have a `.git` of their own: repositories, submodules, and worktrees of other repositories. */
  readonly repositories: readonly TreePath[];
  /** Directories with nothing in them. */
  readonly emptyDirectories: readonly TreePath[];
  /** FIFOs, sockets and devices, which have no content. */
  readonly special: readonly TreePath[];
}

/**
 * Looks through all of a working tree, but for what is in its own `.git` and in those of others. Changes nothing, and follows
 * no symlink. Throws `workspace/unreadable`.
 */
export function findPassedOver(root: string): PassedOver {
  const repositories = new Set<TreePath>();
  const emptyDirectories: TreePath[] = [];
  const special: TreePath[] = [];
  const waiting: TreePath[] = [rootPath];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    const entries = listNames(root, directory);
    if (entries.length === 0) emptyDirectories.push(directory);
    for (const entry of entries) {
      if (isGitName(entry.name)) {
        if (directory !== rootPath) repositories.add(directory);
        continue;
      }
      const path = joinPath(directory, entry.name as FileName);
      if (path === stagingName) continue;
      if (entry.isDirectory()) waiting.push(path);
      else if (!entry.isFile() && !entry.isSymbolicLink()) special.push(path);
    }
  }
  return {
    repositories: [...repositories].sort(),
    emptyDirectories: emptyDirectories.sort(),
    special: special.sort(),
  };
}
