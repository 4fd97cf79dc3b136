import type { ObjectId } from './object-id.ts';
import { gitArguments, type Repository } from './repository.ts';

/** Whether `repository` may lack objects that git fetches when they are asked for. */
export async function isPartialClone(repository: Repository): Promise<boolean> {
  const promisors = ['config', '--get-regexp', '^remote\\..*\\.promisor$'];
  return (await repository.git.attempt(gitArguments(repository, promisors))).exitCode === 0;
}

/**
 * In a partial clone, lets git fetch at once what it lacks of the files that differ between the trees `before`
 * (undefined: an empty one) and `after`; read one by one, each would be a connection of its own. Throws `git/failed`
 * when the fetch fails.
 */
export async function fetchMissingBlobs(
  repository: Repository,
  before: ObjectId | undefined,
  after: ObjectId,
): Promise<void> {
  const { git } = repository;
  const from = before ?? (await emptyTree(repository));
  // Counting changed lines is what makes git want all contents, and it asks for those that are missing in one go.
  const count = [
    'diff-tree',
    '-r',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--shortstat',
    from,
    after,
  ];
  await git.run(gitArguments(repository, count));
}

async function emptyTree(repository: Repository): Promise<ObjectId> {
  const hash = gitArguments(repository, ['hash-object', '-t', 'tree', '--stdin']);
  return (await repository.git.run(hash, { input: '' })).toString('latin1').trim() as ObjectId;
}
