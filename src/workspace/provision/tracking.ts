import type { Git } from '../../git/git-process.ts';
import { parentPath, rootPath, type TreePath } from '../../tree/path.ts';
import { IgnoreRules } from '../ignore-rules.ts';

/** What a workspace tells of its files: which are recorded when its changes are, and which are passed over. */
export interface Tracking {
  /** Those of `paths` that are tracked, and all that is tracked below them. */
  tracked(paths: readonly TreePath[]): Promise<ReadonlySet<TreePath>>;
  /** Those of `paths`, of files and symlinks, that rules ignore, tracked or not. None may lie behind a symlink. */
  ignored(paths: readonly TreePath[]): Promise<ReadonlySet<TreePath>>;
}

/** More paths than this are not given to git one by one. */
const argumentsMax = 50;

/** A workspace that git keeps: a clone or a worktree. `directory` is its top. */
export function gitTracking(git: Git, directory: string): Tracking {
  return {
    async tracked(paths) {
      if (paths.length === 0) return new Set();
      const args = ['-C', directory, '--literal-pathspecs', 'ls-files', '-z'];
      return new Set(listed(await git.run([...args, ...namedOrAll(paths)])));
    },
    async ignored(paths) {
      if (paths.length === 0) return new Set();
      const fields = await checkIgnore(git, directory, paths, []);
      return new Set(fields.map((path) => path.slice(2) as TreePath));
    },
  };
}

/** What `git check-ignore` answers, in fields. The paths in it begin with `./`. None of `paths` may lie behind a symlink. */
export async function checkIgnore(
  git: Git,
  directory: string,
  paths: readonly TreePath[],
  options: readonly string[],
): Promise<readonly string[]> {
  // With "./" in front a path that begins with ":" is none of git's own notations.
  const input = Buffer.from(paths.map((path) => `./${path}\0`).join(''), 'latin1');
  // With the index git would go through all that it tracks once for each path.
  const args = ['-C', directory, 'check-ignore', '--no-index', ...options, '-z', '--stdin'];
  const { exitCode, stdout, stderr } = await git.attempt(args, { input });
  // 1 says that nothing is ignored.
  if (exitCode > 1) throw new Error(`git check-ignore ended with ${exitCode}: ${stderr}`);
  return listed(stdout);
}

/** The paths that git lists with `-z`. */
export function listed(output: Buffer): TreePath[] {
  return output.toString('latin1').split('\0').slice(0, -1) as TreePath[];
}

/** Arguments that name `paths`, where that can be done; without them git lists everything. */
export function namedOrAll(paths: readonly TreePath[]): string[] {
  const canBeNamed = paths.length <= argumentsMax && paths.every((path) => /^[\x20-\x7e]*$/.test(path));
  return canBeNamed ? ['--', ...paths] : [];
}

/**
 * A workspace without git: what is ignored is what its `.gitignore` files say. What is tracked is not known; a file that
 * is there is not overwritten, whatever it is.
 */
export function ignoreFileTracking(directory: string): Tracking {
  const rules = new Map<TreePath, IgnoreRules>();
  const rulesIn = (path: TreePath): IgnoreRules => {
    const known = rules.get(path);
    if (known !== undefined) return known;
    const above = path === '' ? IgnoreRules.none : rulesIn(parentPath(path));
    const here = above.within(directory, path);
    rules.set(path, here);
    return here;
  };
  return {
    tracked: async () => new Set(),
    ignored: async (paths) =>
      new Set(
        paths.filter((path) => rulesIn(path === rootPath ? path : parentPath(path)).ignores(path, 'other')),
      ),
  };
}
