import { areRelated, isAncestor } from '../../git/ancestry.ts';
import { encodeCommit, type Signature } from '../../git/commit-object.ts';
import { mergeCommits } from '../../git/merge-commits.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { ObjectWriter } from '../../git/object-writer.ts';
import { rebaseCommits } from '../../git/rebase-commits.ts';
import type { RefState } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import type { Cloud } from './cloud.ts';
import { CloudError } from './cloud-error.ts';

/** What is to become of main, here and at the remote. */
export type MainPlan =
  /** Nothing: they are the same, or there is none anywhere. */
  | { readonly kind: 'even' }
  /** The hub's main goes to where the remote's is. */
  | { readonly kind: 'follow'; readonly next: ObjectId }
  /** The remote's main goes to where the hub's is. */
  | { readonly kind: 'push'; readonly next: ObjectId }
  /** Both have commits that the other has not; both go to a new one. */
  | { readonly kind: 'merge' | 'rebase'; readonly next: ObjectId };

export interface MainRequest {
  readonly ours: RefState;
  readonly theirs: RefState;
  /** How to bring together what has come apart. */
  readonly how: 'merge' | 'rebase';
  readonly by: Signature;
}

/**
 * Works out what is to become of main, and makes the commit that it takes; moves nothing. The hub has the objects. Throws
 * `hub/conflict`, `hub/unrelated`, `hub/has-merges`, `hub/come-apart` and `hub/decided-elsewhere`.
 */
export async function planMain(cloud: Cloud, request: MainRequest): Promise<MainPlan> {
  const { repository } = cloud.hub;
  const { ours, theirs, how } = request;
  if (ours === theirs) return { kind: 'even' };
  if (theirs === 'absent') return ours === 'absent' ? { kind: 'even' } : { kind: 'push', next: ours };
  if (ours === 'absent') return { kind: 'follow', next: theirs };
  if (await isAncestor(repository, theirs, ours)) return { kind: 'push', next: ours };
  if (cloud.authority === 'elsewhere') throw decidedElsewhere(cloud);
  if (await isAncestor(repository, ours, theirs)) return { kind: 'follow', next: theirs };
  if (!(await areRelated(repository, ours, theirs))) throw unrelated(cloud);
  const both = { ours, theirs, by: request.by };
  if (cloud.authority === 'remote' && how === 'merge') {
    // The remote's main is every hub's: nobody merges into it unasked. Whether it would go is found out all the same.
    await rebase(cloud, both);
    throw comeApart(cloud);
  }
  return how === 'merge'
    ? { kind: 'merge', next: await merge(cloud, both) }
    : { kind: 'rebase', next: await rebase(cloud, both) };
}

interface Both {
  readonly ours: ObjectId;
  readonly theirs: ObjectId;
  readonly by: Signature;
}

async function merge(cloud: Cloud, { ours, theirs, by }: Both): Promise<ObjectId> {
  const { repository } = cloud.hub;
  const merged = await mergeCommits(repository, ours, theirs);
  if (merged.outcome === 'conflict') throw conflict(cloud, merged, 'merge');
  const message = `Merge ${theirName(cloud)} into ${branchName(cloud)}`;
  const people = { author: by, committer: by };
  return writeCommit(
    repository,
    encodeCommit({ tree: merged.tree, parents: [ours, theirs], ...people, message }),
  );
}

async function rebase(cloud: Cloud, { ours, theirs, by }: Both): Promise<ObjectId> {
  const { repository } = cloud.hub;
  const rebased = await rebaseCommits(repository, { head: ours, onto: theirs, committer: by });
  if (rebased.outcome === 'clean') return rebased.commit;
  if (rebased.outcome === 'conflict') throw conflict(cloud, rebased, 'rebase');
  throw new CloudError(
    'hub/has-merges',
    `The hub's own commits have merges among them (${rebased.commit}), which cannot be rebased without guessing. Nothing was moved. ${cloud.authority === 'remote' ? 'Rebase' : 'Run it without --rebase, to merge; or rebase'} them in a checkout of ${branchName(cloud)} yourself: git rebase ${theirName(cloud)}`,
  );
}

async function writeCommit(repository: Repository, bytes: Buffer): Promise<ObjectId> {
  const writer = new ObjectWriter(repository);
  const id = await writer.add('commit', bytes);
  await writer.flush();
  return id;
}

/** The remote's main, as git calls it here. */
function theirName(cloud: Cloud): string {
  return `${cloud.remote.name}/${branchName(cloud)}`;
}

/** Main, as people call it. */
export function branchName({ hub }: Cloud): string {
  return hub.main.slice('refs/heads/'.length);
}

function conflict(
  cloud: Cloud,
  { paths, messages }: { readonly paths: readonly string[]; readonly messages: readonly string[] },
  how: 'merge' | 'rebase',
): CloudError {
  const list = paths.map((path) => `\n  ${path}`).join('');
  const said = messages.map((message) => `\n${message}`).join('');
  return new CloudError(
    'hub/conflict',
    `The hub and ${theirName(cloud)} have both changed:${list}${said}\nNothing was moved, here or there. In a checkout of ${branchName(cloud)}: git ${how} ${theirName(cloud)}, resolve, commit; then run "mic hub sync" again.`,
  );
}

function unrelated(cloud: Cloud): CloudError {
  return new CloudError(
    'hub/unrelated',
    `The hub's ${branchName(cloud)} and ${theirName(cloud)} have no commit in common: this may be the wrong remote. Nothing was moved. See "git remote -v"; if the two really belong together, merge them once: git merge --allow-unrelated-histories ${theirName(cloud)}`,
  );
}

function comeApart(cloud: Cloud): CloudError {
  return new CloudError(
    'hub/come-apart',
    `The hub's ${branchName(cloud)} and ${theirName(cloud)} have come apart. "${cloud.remote.name}" decides for this hub, so nothing is merged into it unasked, and nothing was moved. "mic hub sync --rebase" puts the hub's own commits on top, without a conflict as it stands.`,
  );
}

function decidedElsewhere(cloud: Cloud): CloudError {
  return new CloudError(
    'hub/decided-elsewhere',
    `${theirName(cloud)} has commits that the hub has not, and another remote decides for this hub. Nothing was moved. Bring them there first, then run it again.`,
  );
}
