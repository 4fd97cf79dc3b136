import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface FoundRepository {
  /** The top of the working tree; of a bare one, itself. */
  readonly top: string;
  /** As the working tree names it; of a linked worktree whose repository was moved, it is not there. */
  readonly gitDirectory: string;
}

/** The repository that `directory` lies in, as far as files tell. */
export function repositoryAround(directory: string): FoundRepository | undefined {
  for (let top = resolve(directory); ; top = dirname(top)) {
    const git = join(top, '.git');
    if (existsSync(join(git, 'HEAD'))) return { top, gitDirectory: git };
    if (existsSync(git)) return { top, gitDirectory: linkedDirectory(git) };
    if (['HEAD', 'objects', 'refs'].every((name) => existsSync(join(top, name))))
      return { top, gitDirectory: top };
    if (dirname(top) === top) return undefined;
  }
}

/** The same, where what the working tree names is not there any more, so that git cannot use it. */
export function lostRepositoryAround(directory: string): FoundRepository | undefined {
  const found = repositoryAround(directory);
  return found === undefined || existsSync(found.gitDirectory) ? undefined : found;
}

/** Of a linked worktree, `.git` is a file that names its git directory. */
function linkedDirectory(file: string): string {
  try {
    const [, path] = /^gitdir: (.*)$/m.exec(readFileSync(file, 'utf8')) ?? [];
    return path === undefined ? file : resolve(dirname(file), path);
  } catch {
    // Whatever it is, git will say what is wrong with it.
    return file;
  }
}
