import { GitError } from './git-error.ts';
import { type ObjectId, parseObjectId } from './object-id.ts';
import { gitArguments, type Repository } from './repository.ts';

/** What git makes of two commits: a tree; and where they conflict, the paths whose files in it have markers. */
export type MergedCommits =
  | { readonly outcome: 'clean'; readonly tree: ObjectId }
  | {
      readonly outcome: 'conflict';
      readonly tree: ObjectId;
      readonly paths: readonly string[];
      /** What git says of them, a line each. */
      readonly messages: readonly string[];
    };

/** Merges two commits as `git merge` would, without an index and without a working tree (`git merge-tree`). */
export async function mergeCommits(
  repository: Repository,
  ours: ObjectId,
  theirs: ObjectId,
): Promise<MergedCommits> {
  const args = gitArguments(repository, [
    'merge-tree',
    '--write-tree',
    '-z',
    '--name-only',
    '--messages',
    ours,
    theirs,
  ]);
  const { exitCode, stdout, stderr } = await repository.git.attempt(args);
  // What is no commit counts to git as a conflict, of which it has nothing to show.
  if (exitCode > 1 || stdout.length === 0) {
    throw new GitError('git/failed', `git could not merge ${theirs} into ${ours}: ${stderr}`, {
      failure: { command: args, exitCode, stderr },
    });
  }
  const [tree = '', ...rest] = stdout.toString('utf8').split('\0');
  if (exitCode === 0) return { outcome: 'clean', tree: parseObjectId(tree) };
  // The paths end with an empty field; then each message is: how many paths, these, its kind, its text.
  const end = rest.indexOf('');
  const paths = rest.slice(0, end);
  const messages: string[] = [];
  for (let at = end + 1; at + 1 < rest.length; ) {
    const count = Number(rest[at]);
    const [kind, text] = [rest[at + count + 1], rest[at + count + 2]];
    if (kind?.startsWith('CONFLICT')) messages.push((text ?? '').trim());
    at += count + 3;
  }
  return { outcome: 'conflict', tree: parseObjectId(tree), paths: [...new Set(paths)], messages };
}
