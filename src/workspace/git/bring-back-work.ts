import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectId } from '../../git/object-id.ts';
import { moveRefs, parseRefName, type RefName, readRefs } from '../../git/refs.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { deepenWorkspace, depthInCommon } from './clone-history.ts';
import { upstreamRemote } from './create-git-workspace.ts';
import {
  attemptsMax,
  contains,
  earlierMoves,
  type KeptRefs,
  keptRefs,
  move,
  writeKnown,
} from './keep-work.ts';
import { type BroughtBack, bringBackAside } from './set-aside.ts';
import type { GitWorkspace } from './workspace-record.ts';

/**
 * Brings what was kept last back into a fresh workspace of the same session, with the files that were set aside: those are to
 * be dropped once the workspace stands (`dropBroughtBack`).
 */
export async function bringBackWork(workspace: GitWorkspace, hub: Repository): Promise<BroughtBack[]> {
  const { directory, record } = workspace;
  const refs = keptRefs(record.slug);
  await keepBranch(workspace, hub);
  const kept = await readRefs(hub, [refs.commits, refs.uncommitted]);
  if (kept.size > 0 && !(await isOnMain(hub, workspace, kept)))
    await bringBackCommits(workspace, hub, refs, kept);
  return bringBackAside(hub, record.slug, directory);
}

/** Whether nothing is kept but commits that main has as well: a fresh workspace has them, and what is newer. */
async function isOnMain(
  hub: Repository,
  { record }: GitWorkspace,
  kept: ReadonlyMap<RefName, ObjectId>,
): Promise<boolean> {
  const refs = keptRefs(record.slug);
  const commits = kept.get(refs.commits);
  return commits !== undefined && !kept.has(refs.uncommitted) && (await contains(hub, record.base, commits));
}

async function bringBackCommits(
  workspace: GitWorkspace,
  hub: Repository,
  refs: KeptRefs,
  kept: ReadonlyMap<RefName, ObjectId>,
): Promise<void> {
  const { repository, directory, record } = workspace;
  const { git } = repository;
  const at = ['-C', directory];
  if (record.kind === 'clone') await fetchKept(workspace, hub, refs, kept);
  for (const [ref, command] of [
    [refs.commits, ['reset', '--quiet', '--hard']],
    // Into index and working tree, as a change of what is committed; then out of the index again.
    [refs.uncommitted, ['read-tree', '-m', '-u', 'HEAD']],
  ] as const) {
    const id = kept.get(ref);
    if (id === undefined) continue;
    await git.run([...at, ...command, id]);
  }
  await git.run([...at, 'reset', '--quiet']);
  writeKnown(workspace, kept.get(refs.uncommitted));
}

/** Fetches what is kept into a clone that has the newest commit of main alone, with the history that the two share. */
async function fetchKept(
  workspace: GitWorkspace,
  hub: Repository,
  refs: KeptRefs,
  kept: ReadonlyMap<RefName, ObjectId>,
): Promise<void> {
  const { repository, record } = workspace;
  const newest = kept.get(refs.uncommitted) ?? kept.get(refs.commits);
  // First: what main and the kept work share is here then, and only the rest comes.
  const depth = newest === undefined ? 0 : await depthInCommon(hub, record.base, newest);
  if (depth !== 0) await deepenWorkspace(workspace, depth);
  const specs = [...kept.keys()].map((ref) => `+${ref}:${ref}`);
  await repository.git.run(gitArguments(repository, ['fetch', '--quiet', upstreamRemote, ...specs]));
}

/**
 * Keeps what the session's branch in the hub has and is not kept: somebody has pushed it, or its worktree was deleted or moved
 * by hand. Where it goes on from what is kept, it is what comes back; otherwise it gets a number.
 */
async function keepBranch({ record }: GitWorkspace, hub: Repository): Promise<void> {
  const branch = parseRefName(record.branch);
  const refs = keptRefs(record.slug);
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const kept = await readRefs(hub, [branch, `refs/sessions/${record.slug}`]);
    const tip = kept.get(branch);
    if (tip === undefined || (await contains(hub, record.base, tip))) return;
    const commits = kept.get(refs.commits);
    if (commits !== undefined && (await contains(hub, commits, tip))) return;
    const goesOn = commits === undefined || (await contains(hub, tip, commits));
    const moves = goesOn
      ? [
          move(kept, refs.commits, tip),
          move(kept, refs.uncommitted, undefined),
          ...(await earlierMoves(hub, refs, kept, { head: tip, ...nothingElse })),
        ]
      : await earlierMoves(hub, refs, kept, {
          head: commits,
          ...nothingElse,
          uncommitted: kept.get(refs.uncommitted),
          besides: [tip],
        });
    const needed = moves.filter(({ expected, next }) => expected !== next);
    if (needed.length === 0) return;
    if ((await moveRefs(hub, needed, 'mic: keep work')).outcome === 'moved') return;
    await sleep(10 * Math.min(attempt, 20));
  }
  throw new WorkspaceError(
    'workspace/busy',
    `The work of ${record.slug} could not be kept in ${hub.gitDirectory}: its refs are locked or changed all the time. Do it again.`,
  );
}

const nothingElse = { uncommitted: undefined, besides: [], known: undefined } as const;
