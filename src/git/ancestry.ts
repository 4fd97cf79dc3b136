import type { ObjectId } from './object-id.ts';
import { gitArguments, type Repository } from './repository.ts';

/** Whether `newer` is `older`, or was built on it. Both are here. */
export async function isAncestor(repository: Repository, older: ObjectId, newer: ObjectId): Promise<boolean> {
  if (older === newer) return true;
  const args = gitArguments(repository, ['merge-base', '--is-ancestor', older, newer]);
  return (await repository.git.attempt(args)).exitCode === 0;
}

/** Whether any commit is an ancestor of both. */
export async function areRelated(repository: Repository, one: ObjectId, other: ObjectId): Promise<boolean> {
  const args = gitArguments(repository, ['merge-base', one, other]);
  return (await repository.git.attempt(args)).exitCode === 0;
}

/** How many commits each of two has that the other has not. */
export async function countApart(
  repository: Repository,
  ours: ObjectId,
  theirs: ObjectId,
): Promise<{ readonly ours: number; readonly theirs: number }> {
  const args = gitArguments(repository, ['rev-list', '--left-right', '--count', `${ours}...${theirs}`]);
  const [left, right] = (await repository.git.run(args)).toString('latin1').trim().split('\t');
  return { ours: Number(left), theirs: Number(right) };
}

/** Whether the repository has the object `id`, without asking a remote for it. */
export async function hasObject(repository: Repository, id: ObjectId): Promise<boolean> {
  const args = gitArguments(repository, ['cat-file', '-e', id]);
  const environment = { GIT_NO_LAZY_FETCH: '1' };
  return (await repository.git.attempt(args, { environment })).exitCode === 0;
}
