import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAncestor } from '../../git/ancestry.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { gitArguments, resolveCommit } from '../../git/repository.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { requireMergeBase } from './clone-history.ts';
import { upstreamRemote } from './create-git-workspace.ts';
import { troubleWithHub } from './moved-hub.ts';
import type { GitWorkspace } from './workspace-record.ts';

/** How what happened on main comes into a session. */
export type SyncMethod = 'merge' | 'rebase';

/** What git does in several steps, and may have stopped in the middle of. */
export type GitOperation = 'merge' | 'rebase' | 'cherry-pick' | 'revert';

/** By what of the git directory it is known that one is under way. A rebase that stops may be in a merge or pick. */
const operationMarks: readonly (readonly [mark: string, operation: GitOperation])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
];

export type SyncOutcome =
  | { readonly outcome: 'up to date' }
  | { readonly outcome: 'synced'; readonly head: ObjectId }
  /** The merge or rebase is under way in the workspace; these paths have conflicts. */
  | { readonly outcome: 'conflict'; readonly paths: readonly string[] }
  /** Nothing was done: this was begun before, and these paths have conflicts yet. */
  | {
      readonly outcome: 'under way';
      readonly operation: GitOperation;
      readonly paths: readonly string[];
    };

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
 * workspace. Throws `workspace/changed` when git refuses and something is not committed, and nothing has happened then; else
 * `workspace/cannot-sync`, which says what has. Throws `workspace/hub-moved` too.
 */
export async function syncWorkspace(
  workspace: GitWorkspace,
  method: SyncMethod,
  targetOf: (main: ObjectId, head: ObjectId) => Promise<SyncTarget> = mainItself,
): Promise<SyncOutcome> {
  const { repository, directory, record } = workspace;
  const { git } = repository;
  const operation = operationUnderWay(workspace);
  if (operation !== undefined)
    return { outcome: 'under way', operation, paths: await conflictedPaths(workspace) };
  const main = await fetchMain(workspace);
  const before = await resolveCommit(repository, 'HEAD');
  if (await isAncestor(repository, main, before)) return { outcome: 'up to date' };
  await requireMergeBase(workspace, main, before);
  const { commit, landed } = await targetOf(main, before);
  const command =
    method === 'merge'
      ? ['merge', '--quiet', '--no-edit', '-m', `[${record.slug}] merge: bring in ${record.main}`, commit]
      : ['rebase', '--quiet', '--onto', commit, landed ?? commit];
  const { exitCode, stderr, stdout } = await git.attempt(['-C', directory, ...command]);
  if (exitCode === 0) return { outcome: 'synced', head: await resolveCommit(repository, 'HEAD') };
  const paths = await conflictedPaths(workspace);
  if (paths.length > 0) return { outcome: 'conflict', paths };
  throw await refusal(workspace, method, stderr || stdout.toString('utf8').trim());
}

/** What git has stopped in the middle of. */
export function operationUnderWay({ repository }: GitWorkspace): GitOperation | undefined {
  return operationMarks.find(([mark]) => existsSync(join(repository.gitDirectory, mark)))?.[1];
}

/** The error for a merge or rebase that git refuses without a conflict. */
async function refusal(workspace: GitWorkspace, method: SyncMethod, words: string): Promise<WorkspaceError> {
  const { repository, directory, record } = workspace;
  const what =
    method === 'merge'
      ? `merge ${record.main} into ${record.branch}`
      : `rebase ${record.branch} on ${record.main}`;
  const begun = operationUnderWay(workspace);
  const status = await repository.git.run(['-C', directory, 'status', '--porcelain']);
  const next =
    begun !== undefined
      ? `A ${begun} is under way now: mend what git says, then "git ${begun} --continue"; "git ${begun} --abort" takes it back.`
      : status.length > 0
        ? 'Nothing was changed. Commit or stash what is not committed, then do it again.'
        : 'Nothing was changed. Mend what git says, then do it again.';
  return new WorkspaceError(
    begun === undefined && status.length > 0 ? 'workspace/changed' : 'workspace/cannot-sync',
    `git could not ${what}. ${next} Git says: ${words}`,
  );
}

/** The newest commit of the hub's main, which the workspace has afterwards. */
async function fetchMain(workspace: GitWorkspace): Promise<ObjectId> {
  const { repository, record } = workspace;
  if (record.kind === 'worktree') return resolveCommit(repository, `refs/heads/${record.main}`);
  const tracking = `refs/remotes/${upstreamRemote}/${record.main}`;
  const args = ['fetch', '--quiet', upstreamRemote, `+refs/heads/${record.main}:${tracking}`];
  try {
    await repository.git.run(gitArguments(repository, args));
  } catch (error) {
    throw troubleWithHub(workspace, error);
  }
  return resolveCommit(repository, tracking);
}

/** The paths with conflicts in a workspace where a merge or a rebase is under way. */
async function conflictedPaths({ repository, directory }: GitWorkspace): Promise<string[]> {
  const args = ['-C', directory, 'diff', '--name-only', '--diff-filter=U', '-z'];
  const text = (await repository.git.run(args)).toString('utf8');
  return text.split('\0').filter((path) => path !== '');
}
