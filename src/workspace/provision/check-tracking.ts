import { ancestorsOf, parentPath, rootPath, type TreePath, textFromPath } from '../../tree/path.ts';
import { diskStatus } from '../disk-status.ts';
import { commitTracking } from './commit-tracking.ts';
import type { Layout, Wanted } from './layout.ts';
import { ProvisionError, placeText } from './provision-error.ts';
import type { PlanRequest } from './provision-request.ts';
import { quoted } from './source-tree.ts';
import { gitTracking, ignoreFileTracking, type Tracking } from './tracking.ts';

/** A workspace, and the git that may keep it. */
type TrackedWorkspace = Pick<PlanRequest, 'git' | 'from' | 'to' | 'unmade'>;

/** Leaves out what git tracks where a pattern named it, and refuses what may not be written there. */
export async function checkTracking(
  request: TrackedWorkspace,
  layout: Layout,
  problems: ProvisionError[],
): Promise<Layout> {
  const tracking = trackingOf(request);
  const wanted = new Map(layout.wanted);
  const leftOut = [...layout.leftOut];
  const leaves = [...wanted].filter(([, { content }]) => content.kind !== 'directory');
  const [tracked, ignored] = await Promise.all([
    tracking.tracked([...new Set(leaves.map(([, { unit }]) => unit))]),
    ignoredAmong(
      request,
      tracking,
      leaves.map(([path]) => path),
    ),
  ]);
  // A tracked file where a symlink or a directory is to stand is as much in the way as one of the same name.
  const above = new Set<TreePath>();
  for (const path of tracked) for (const directory of ancestorsOf(path)) above.add(directory);
  for (const [path, entry] of leaves) {
    if (!tracked.has(path) && !above.has(path)) continue;
    wanted.delete(path);
    leftOut.push({ path, reason: 'Git tracks it: the workspace has it from there.' });
    if (entry.named) problems.push(trackedError(path, entry));
  }
  const units = new Map<TreePath, Wanted>();
  for (const [path, entry] of leaves) {
    if (wanted.has(path) && !ignored.has(path) && !units.has(entry.unit)) units.set(entry.unit, entry);
  }
  const inOrder = [...units].sort(([, a], [, b]) => a.place.line - b.place.line);
  const where = request.unmade === undefined ? 'workspace' : 'main';
  for (const [unit, entry] of inOrder) problems.push(notIgnoredError(unit, entry, wanted.get(unit), where));
  return { ...layout, wanted, leftOut };
}

function trackingOf({ git, from, to, unmade }: TrackedWorkspace): Tracking {
  if (unmade !== undefined) return commitTracking(git, from, unmade);
  return diskStatus(to, '.git') === undefined ? ignoreFileTracking(to) : gitTracking(git, to);
}

/**
 * Those of `paths` that are ignored. Git does not speak about what lies behind a symlink, which may be one that was
 * provisioned and goes: there the `.gitignore` files tell.
 */
async function ignoredAmong(
  { to }: TrackedWorkspace,
  tracking: Tracking,
  paths: readonly TreePath[],
): Promise<ReadonlySet<TreePath>> {
  const directories = new Map<TreePath, boolean>();
  const isReal = (path: TreePath): boolean => {
    if (path === rootPath) return true;
    const known = directories.get(path);
    if (known !== undefined) return known;
    const real = isReal(parentPath(path)) && diskStatus(to, path)?.isSymbolicLink() !== true;
    directories.set(path, real);
    return real;
  };
  const behindLinks = paths.filter((path) => !isReal(parentPath(path)));
  if (behindLinks.length === 0) return tracking.ignored(paths);
  const others = paths.filter((path) => isReal(parentPath(path)));
  const [told, read] = await Promise.all([
    tracking.ignored(others),
    ignoreFileTracking(to).ignored(behindLinks),
  ]);
  return told.union(read);
}

function trackedError(path: TreePath, { place }: Wanted): ProvisionError {
  return new ProvisionError(
    'provision/tracked',
    `${placeText(place)}: git tracks ${quoted(path)} in the workspace, and would record what is written there. Choose another destination, or "git rm --cached" it and add the line /${textFromPath(path)} to .gitignore.`,
  );
}

function notIgnoredError(
  unit: TreePath,
  { place }: Wanted,
  root: Wanted | undefined,
  where: 'workspace' | 'main',
): ProvisionError {
  const content = root?.content;
  const line = `/${textFromPath(unit)}${content?.kind === 'directory' ? '/' : ''}`;
  const hint =
    content?.kind === 'symlink' && content.leadsTo === 'directory'
      ? ' A line of .gitignore that ends in / is about directories only, and this is a symlink.'
      : '';
  const advice =
    where === 'main'
      ? 'which is not ignored on main.'
      : 'which is not ignored in the workspace. What main ignores counts there after "mic session sync".';
  return new ProvisionError(
    'provision/not-ignored',
    `${placeText(place)}: git would record ${quoted(unit)}, ${advice}${hint} Add this line to .gitignore ${where === 'main' ? 'on main' : 'there'} and commit it: ${line}`,
  );
}
