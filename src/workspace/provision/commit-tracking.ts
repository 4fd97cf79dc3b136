import type { Git } from '../../git/git-process.ts';
import { ancestorsOf, parentPath, rootPath, type TreePath } from '../../tree/path.ts';
import { hasRealParents } from '../checkout/safe-removal.ts';
import { IgnoreRules, ignoreFileName } from '../ignore-rules.ts';
import type { UnmadeWorkspace } from './provision-request.ts';
import { checkIgnore, listed, namedOrAll, type Tracking } from './tracking.ts';

/**
 * What a workspace will tell of its files that is made from a commit. `directory` is a checkout of the repository that has
 * the commit; what it has checked out does not count.
 */
export function commitTracking(git: Git, directory: string, workspace: UnmadeWorkspace): Tracking {
  const { commit } = workspace;
  const at = ['-C', directory];
  return {
    async tracked(paths) {
      if (paths.length === 0) return new Set();
      const args = [
        ...at,
        '--literal-pathspecs',
        'ls-tree',
        '-r',
        '-z',
        '--name-only',
        '--full-tree',
        commit,
      ];
      return new Set(listed(await git.run([...args, ...namedOrAll(paths)])));
    },
    async ignored(paths) {
      if (paths.length === 0) return new Set();
      const rulesIn = await committedRules(git, directory, commit, paths);
      const ignored = new Set(paths.filter((path) => rulesIn(parentPath(path)).ignores(path, 'other')));
      // About what lies behind a symlink of the checkout git does not speak.
      const others = paths.filter((path) => !ignored.has(path) && hasRealParents(directory, path));
      return ignored.union(await ignoredOutside(git, directory, workspace, others));
    },
  };
}

/** What the `.gitignore` files of a commit say, for each directory that one of `paths` is in. */
async function committedRules(
  git: Git,
  directory: string,
  commit: string,
  paths: readonly TreePath[],
): Promise<(directory: TreePath) => IgnoreRules> {
  const above = new Set<TreePath>([rootPath]);
  for (const path of paths) for (const one of ancestorsOf(path)) above.add(one);
  const directories = [...above];
  const names = directories.map(
    (path) => `${commit}:${path === rootPath ? '' : `${path}/`}${ignoreFileName}`,
  );
  const input = Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1');
  const output = await git.run(['-C', directory, 'cat-file', '--batch', '-z'], { input });
  const texts = new Map(
    blobTexts(output.toString('latin1'), names).map((text, i) => [directories[i]!, text]),
  );
  const known = new Map<TreePath, IgnoreRules>();
  const rulesIn = (path: TreePath): IgnoreRules => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const parent = path === rootPath ? IgnoreRules.none : rulesIn(parentPath(path));
    const text = texts.get(path);
    const rules = text === undefined ? parent : parent.with(path, text);
    known.set(path, rules);
    return rules;
  };
  return rulesIn;
}

/** The blobs in what `git cat-file --batch` answers to `names`, in their order; undefined for what is not there. */
function blobTexts(output: string, names: readonly string[]): (string | undefined)[] {
  let rest = output;
  return names.map((name) => {
    const missing = `${name} missing\n`;
    if (rest.startsWith(missing)) {
      rest = rest.slice(missing.length);
      return undefined;
    }
    const [head = '', type, size] = /^\S+ (\S+) (\d+)\n/.exec(rest) ?? [];
    const text = rest.slice(head.length, head.length + Number(size));
    rest = rest.slice(head.length + text.length + 1);
    return type === 'blob' ? text : undefined;
  });
}

/** Those of `paths` that this user's own lists ignore, and for a worktree that of the repository. */
async function ignoredOutside(
  git: Git,
  directory: string,
  { kind }: UnmadeWorkspace,
  paths: readonly TreePath[],
): Promise<ReadonlySet<TreePath>> {
  if (paths.length === 0) return new Set();
  const fields = await checkIgnore(git, directory, paths, ['--verbose']);
  const ignored = new Set<TreePath>();
  // Four fields each: the list, its line, the pattern, and the path.
  for (let i = 0; i + 3 < fields.length; i += 4) {
    const [list = '', , pattern = '', path = ''] = fields.slice(i, i + 4);
    // The .gitignore files of the checkout are not those of the commit, and a clone has an `info/exclude` of its own.
    const counts =
      !/(?:^|\/)\.gitignore$/.test(list) && (kind === 'worktree' || !list.endsWith('info/exclude'));
    if (counts && !pattern.startsWith('!')) ignored.add(path.slice(2) as TreePath);
  }
  return ignored;
}
