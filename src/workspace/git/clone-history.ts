import { areRelated } from '../../git/ancestry.ts';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { upstreamRemote } from './create-git-workspace.ts';
import { troubleWithHub } from './moved-hub.ts';
import type { GitWorkspace } from './workspace-record.ts';

/** Brings more history into a clone: `commits` of it, or all. Of a worktree, there is all. Throws `workspace/hub-moved`. */
export async function deepenWorkspace(workspace: GitWorkspace, commits: number | 'all'): Promise<void> {
  const { repository, record } = workspace;
  if (record.kind === 'worktree') return;
  const shallow = await repository.git.run(
    gitArguments(repository, ['rev-parse', '--is-shallow-repository']),
  );
  if (shallow.toString('latin1').trim() !== 'true') return;
  const depth = commits === 'all' ? '--unshallow' : `--deepen=${commits}`;
  const args = ['fetch', '--quiet', depth, upstreamRemote, `refs/heads/${record.main}`];
  try {
    await repository.git.run(gitArguments(repository, args));
  } catch (error) {
    throw troubleWithHub(workspace, error);
  }
}

/**
 * How much deeper a clone that has only `newest` of `hub` has to be, so that `other` and it compare there as they do in the
 * hub: in commits, or all where they have none in common.
 */
export async function depthInCommon(
  hub: Repository,
  newest: ObjectId,
  other: ObjectId,
): Promise<number | 'all'> {
  const lines = await linesOf(hub, ['rev-list', '--boundary', `${newest}...${other}`]);
  if (lines.length === 0) return 0;
  // Where the two have come apart; after merges, that may be in several places.
  const apart = lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1));
  if (apart.length === 0) return 'all';
  const { git } = hub;
  const found = await git.attempt(gitArguments(hub, ['merge-base', '--octopus', ...apart]));
  if (found.exitCode !== 0) return 'all';
  const origin = parseObjectId(found.stdout.toString('latin1').trim());
  // No way down to there is longer than that.
  const [count] = await linesOf(hub, ['rev-list', '--count', newest, '--not', origin]);
  return Number(count);
}

/** Sees to it that a workspace has a commit that both come from. Throws `workspace/cannot-sync` where there is none. */
export async function requireMergeBase(
  workspace: GitWorkspace,
  main: ObjectId,
  head: ObjectId,
): Promise<void> {
  const { repository, record } = workspace;
  if (await areRelated(repository, main, head)) return;
  // What the clone has is on no branch of the hub any more, so nothing less than all leads there.
  await deepenWorkspace(workspace, 'all');
  if (await areRelated(repository, main, head)) return;
  throw new WorkspaceError(
    'workspace/cannot-sync',
    `${record.main} and ${record.branch} have no commit in common: ${record.main} was made anew. No file was changed. Put the session's own commits on it in the workspace: git rebase --onto ${main} COMMIT, with the one before the first of them as COMMIT.`,
  );
}

async function linesOf(repository: Repository, command: readonly string[]): Promise<string[]> {
  const text = (await repository.git.run(gitArguments(repository, command))).toString('latin1');
  return text.split('\n').filter(Boolean);
}
