import type { ObjectId } from '../../git/object-id.ts';
import { gitArguments, resolveCommit } from '../../git/repository.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { upstreamRemote } from './create-git-workspace.ts';
import type { GitWorkspace } from './workspace-record.ts';

/** How what happened on main comes into a session. */
export type SyncMethod = 'merge' | 'rebase';

export type SyncOutcome =
  | { readonly outcome: 'up to date' }
  | { readonly outcome: 'synced'; readonly head: ObjectId }
  /** The merge or rebase is under way in the workspace; these paths have conflicts. */
  | { readonly outcome: 'conflict'; readonly paths: readonly string[] };

/** What a session comes together with. */
export interface SyncTarget {
  /** The hub's main, or a commit upon it that has all of it. */
  readonly commit: ObjectId;
  /** The newest commit of the session that `commit` has already; a rebase leaves those up to it alone. */
  readonly landed: ObjectId | undefined;
}

/** Main as it is. */
const mainItself = async (main: ObjectId): Promise<SyncTarget> => ({ commit: main, landed: undefined });

/**
 * Brings the hub's main into the session's branch, in the form that `targetOf` makes of it in the repository of the
 * workspace. Throws `workspace/changed` when git refuses because of changes that
 * are not committed; nothing has happened then.
 */
export async function syncWorkspace(
  workspace: GitWorkspace,
  method: SyncMethod,
  targetOf: (main: ObjectId, head: ObjectId) => Promise<SyncTarget> = mainItself,
): Promise<SyncOutcome> {
  const { repository, directory, record } = workspace;
  const { git } = repository;
  const main = await fetchMain(workspace);
  const before = await resolveCommit(repository, 'HEAD');
  const contains = ['merge-base', '--is-ancestor', main, before];
  if ((await git.attempt(gitArguments(repository, contains))).exitCode === 0)
    return { outcome: 'up to date' };
  const { commit, landed } = await targetOf(main, before);
  const command =
    method === 'merge'
      ? ['merge', '--quiet', '--no-edit', '-m', `[${record.slug}] merge: bring in ${record.main}`, commit]
      : ['rebase', '--quiet', '--onto', commit, landed ?? commit];
  const { exitCode, stderr, stdout } = await git.attempt(['-C', directory, ...command]);
  if (exitCode === 0) return { outcome: 'synced', head: await resolveCommit(repository, 'HEAD') };
  const paths = await conflictedPaths(workspace);
  if (paths.length > 0) return { outcome: 'conflict', paths };
  throw new WorkspaceError(
    'workspace/changed',
    `git could not ${method} ${record.main} into ${record.branch}. Commit or stash what is not committed, then do it again. Git says: ${stderr || stdout.toString('utf8').trim()}`,
  );
}

/** The newest commit of the hub's main, which the workspace has afterwards. */
async function fetchMain({ repository, record }: GitWorkspace): Promise<ObjectId> {
  if (record.kind === 'worktree') return resolveCommit(repository, `refs/heads/${record.main}`);
  const tracking = `refs/remotes/${upstreamRemote}/${record.main}`;
  const args = ['fetch', '--quiet', upstreamRemote, `+refs/heads/${record.main}:${tracking}`];
  await repository.git.run(gitArguments(repository, args));
  return resolveCommit(repository, tracking);
}

/** The paths with conflicts in a workspace where a merge or a rebase is under way. */
async function conflictedPaths({ repository, directory }: GitWorkspace): Promise<string[]> {
  const args = ['-C', directory, 'diff', '--name-only', '--diff-filter=U', '-z'];
  const text = (await repository.git.run(args)).toString('utf8');
  return text.split('\0').filter((path) => path !== '');
}

/** Brings more history into a clone: `commits` of it, or all. Of a worktree, there is all. */
export async function deepenWorkspace(
  { repository, record }: GitWorkspace,
  commits: number | 'all',
): Promise<void> {
  if (record.kind === 'worktree') return;
  const shallow = await repository.git.run(
    gitArguments(repository, ['rev-parse', '--is-shallow-repository']),
  );
  if (shallow.toString('latin1').trim() !== 'true') return;
  const depth = commits === 'all' ? '--unshallow' : `--deepen=${commits}`;
  const args = ['fetch', '--quiet', depth, upstreamRemote, `refs/heads/${record.main}`];
  await repository.git.run(gitArguments(repository, args));
}
