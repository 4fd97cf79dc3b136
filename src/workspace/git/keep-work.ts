import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbsent } from '../../base/system-error.ts';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { moveRefs, type RefMove, type RefName, readRefs } from '../../git/refs.ts';
import { gitArguments, type Repository, resolveCommit } from '../../git/repository.ts';
import { replaceFile } from '../replace-file.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';
import { upstreamRemote } from './create-git-workspace.ts';
import { keepSubmodules } from './keep-submodules.ts';
import { noteKind } from './kept-kind.ts';
import { keepLargeFiles } from './large-files.ts';
import { troubleWithHub } from './moved-hub.ts';
import { snapshotFiles } from './snapshot-files.ts';
import { type GitWorkspace, privateDirectory } from './workspace-record.ts';

/** Where the hub keeps what a session has made. */
export interface KeptRefs {
  /** The newest commit of the session. */
  readonly commits: RefName;
  /** Upon it, what was not committed when it was kept last; not there where all was. */
  readonly uncommitted: RefName;
  /** Followed by 1, 2 and so on: what these were before, where it is in neither of them, and in no workspace either. */
  readonly earlier: RefName;
}

export function keptRefs(slug: string): KeptRefs {
  const at: RefName = `refs/sessions/${slug}`;
  return { commits: `${at}/commits`, uncommitted: `${at}/uncommitted`, earlier: `${at}/earlier/` };
}

export interface KeptWork {
  /** The newest commit of the session's branch. */
  readonly head: ObjectId;
  /** A commit upon it of all that was not committed, untracked files included; undefined where there was nothing. */
  readonly uncommitted: ObjectId | undefined;
}

/** `committed` is for a workspace of which git has just said that all in it is committed: its files are not read again. */
export type WhatToKeep = 'all' | 'committed';

/** How often somebody else may keep work of the same session at the same moment. */
export const attemptsMax = 50;

/**
 * Keeps in the hub all that a workspace holds, is not provisioned and git does not ignore: its commits, also those of other
 * branches and stashes, and what is not committed. Nothing in it is changed, and nothing that was kept before is lost.
 * Repositories inside of it are not kept here (`surveyUnkept`). Throws `workspace/hub-moved`, and `workspace/cannot-keep` for what a hook of the hub refuses,
 * and for commits of a submodule that are nowhere else.
 */
export async function keepWork(
  workspace: GitWorkspace,
  hub: Repository,
  what: WhatToKeep,
): Promise<KeptWork> {
  const { repository, record } = workspace;
  const head = await resolveCommit(repository, 'HEAD');
  await keepSubmodules(workspace, hub);
  const snapshot = what === 'all' ? await snapshotFiles(workspace, head) : undefined;
  keepLargeFiles(workspace, hub);
  const besides = await otherCommits(workspace, head);
  const refs = keptRefs(record.slug);
  const carrier: RefName = `refs/sessions/${record.slug}/keeping/${process.pid}`;
  const known = readKnown(workspace);
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const brought = await bringToHub(workspace, carrier, [snapshot ?? head, ...besides]);
    const kept = await readRefs(hub, [`refs/sessions/${record.slug}`]);
    const uncommitted =
      snapshot && ((await sameSnapshot(hub, kept.get(refs.uncommitted), snapshot)) ?? snapshot);
    const moves: RefMove[] = [
      move(kept, refs.commits, head),
      move(kept, refs.uncommitted, uncommitted),
      ...(await earlierMoves(hub, refs, kept, { head, uncommitted, besides, known })),
      ...brought.map((ref) => move(kept, ref, undefined)),
    ].filter(({ expected, next }) => expected !== next);
    const { outcome } =
      moves.length === 0 ? { outcome: 'moved' } : await moveRefs(hub, moves, 'mic: keep work');
    if (outcome === 'moved') {
      writeKnown(workspace, uncommitted);
      noteKind(hub, record);
      return { head, uncommitted };
    }
    await sleep(10 * Math.min(attempt, 20));
  }
  throw new WorkspaceError(
    'workspace/busy',
    `The work of ${record.slug} could not be kept in ${hub.gitDirectory}: its refs are locked or changed all the time. Nothing was removed; do it again.`,
  );
}

/** The move of one of the refs of `kept` to `next`, or out of the way. */
export function move(
  kept: ReadonlyMap<RefName, ObjectId>,
  ref: RefName,
  next: ObjectId | undefined,
): RefMove {
  return { ref, expected: kept.get(ref) ?? 'absent', next: next ?? 'absent' };
}

/** What is to be kept of a session as its newest. */
export interface Keeping {
  readonly head: ObjectId;
  readonly uncommitted: ObjectId | undefined;
  readonly besides: readonly ObjectId[];
  /** What was not committed when this workspace was kept or made: its user has seen it, and done with it what he did. */
  readonly known: ObjectId | undefined;
}

/** What would be lost otherwise gets a number. */
export async function earlierMoves(
  hub: Repository,
  refs: KeptRefs,
  kept: ReadonlyMap<RefName, ObjectId>,
  { head, uncommitted, besides, known }: Keeping,
): Promise<RefMove[]> {
  const lost = [...besides];
  const before = kept.get(refs.uncommitted);
  if (before !== undefined && before !== uncommitted && before !== known) lost.push(before);
  const commits = kept.get(refs.commits);
  if (commits !== undefined && commits !== head && !(await contains(hub, head, commits))) lost.push(commits);
  const numbered = [...kept].filter(([ref]) => ref.startsWith(refs.earlier));
  const there = new Set(numbered.map(([, id]) => id));
  let last = Math.max(0, ...numbered.map(([ref]) => Number(ref.slice(refs.earlier.length)) || 0));
  return [...new Set(lost)]
    .filter((id) => !there.has(id))
    .map((next) => ({ ref: `${refs.earlier}${++last}` as RefName, expected: 'absent' as const, next }));
}

/** Commits of the workspace that are not behind `head`: other branches and stashes of a clone, a branch that is being rebased. */
async function otherCommits(
  { repository, record }: GitWorkspace,
  head: ObjectId,
): Promise<readonly ObjectId[]> {
  const { git } = repository;
  const own = `refs/heads/${record.branch}` as const;
  const branches = await readRefs(repository, record.kind === 'clone' ? ['refs/heads/'] : [own]);
  const tips = new Set<ObjectId>(branches.values());
  if (record.kind === 'clone') {
    // Of a worktree the stashes are the hub's own.
    const stashes = await git.attempt(
      gitArguments(repository, ['log', '--walk-reflogs', '--format=%H', 'refs/stash', '--']),
    );
    if (stashes.exitCode === 0)
      for (const id of stashes.stdout.toString('latin1').split('\n').filter(Boolean))
        tips.add(parseObjectId(id));
    // Of worktrees that somebody has made of it, those that are on no branch.
    const worktrees = await git.run(gitArguments(repository, ['worktree', 'list', '--porcelain', '-z']));
    for (const [, id] of worktrees.toString('latin1').matchAll(/\0HEAD ([0-9a-f]+)\0detached\0/g))
      tips.add(parseObjectId(id!));
  }
  tips.delete(head);
  const others: ObjectId[] = [];
  for (const tip of tips) {
    // The main branch of a clone is where it was made, and a session that was left goes on from before that.
    const isElsewhere =
      (await contains(repository, head, tip)) || (await contains(repository, record.base, tip));
    if (!isElsewhere) others.push(tip);
  }
  return others;
}

/** Whether `commit` is `head` or behind it. What the repository does not know is not. */
export async function contains(repository: Repository, head: ObjectId, commit: ObjectId): Promise<boolean> {
  const args = gitArguments(repository, ['merge-base', '--is-ancestor', commit, head]);
  return (await repository.git.attempt(args)).exitCode === 0;
}

/** Sees to it that the hub has `commits`; returns the refs that hold them there meanwhile. */
async function bringToHub(
  workspace: GitWorkspace,
  carrier: RefName,
  commits: readonly ObjectId[],
): Promise<readonly RefName[]> {
  const { repository, record } = workspace;
  if (record.kind === 'worktree') return [];
  const refs = commits.map((_, index): RefName => `${carrier}-${index}`);
  const specs = commits.map((id, index) => `+${id}:${refs[index]}`);
  const args = ['push', '--quiet', '--no-verify', '--atomic', upstreamRemote, ...specs];
  const { exitCode, stderr } = await repository.git.attempt(gitArguments(repository, args));
  if (exitCode === 0) return refs;
  throw troubleWithHub(
    workspace,
    new WorkspaceError(
      'workspace/cannot-keep',
      `The hub did not take the work of ${record.slug}, so nothing was removed. Where a hook of the hub refuses it, have it allow refs/sessions/. Git says: ${stderr}`,
    ),
  );
}

/** The commit that was kept before, if it says the same as the new one does. */
async function sameSnapshot(
  hub: Repository,
  before: ObjectId | undefined,
  now: ObjectId,
): Promise<ObjectId | undefined> {
  if (before === undefined) return undefined;
  const names = [before, now].flatMap((id) => [`${id}^{tree}`, `${id}^`]);
  const { exitCode, stdout } = await hub.git.attempt(gitArguments(hub, ['rev-parse', ...names]));
  const [tree, parent, newTree, newParent] = stdout.toString('latin1').split('\n');
  return exitCode === 0 && tree === newTree && parent === newParent ? before : undefined;
}

function knownFile({ repository }: GitWorkspace): string {
  return join(privateDirectory(repository.gitDirectory), 'kept');
}

function readKnown(workspace: GitWorkspace): ObjectId | undefined {
  const path = knownFile(workspace);
  try {
    const text = readFileSync(path, 'latin1').trim();
    return text === '' ? undefined : parseObjectId(text);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw workspaceErrorFrom(error, `read "${path}"`);
  }
}

export function writeKnown(workspace: GitWorkspace, uncommitted: ObjectId | undefined): void {
  replaceFile(knownFile(workspace), `${uncommitted ?? ''}\n`);
}
