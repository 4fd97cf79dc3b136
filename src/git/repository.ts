import { GitError } from './git-error.ts';
import type { Git } from './git-process.ts';
import { type ObjectFormat, type ObjectId, parseObjectId } from './object-id.ts';

/** A git repository on this machine: bare, ordinary, or one worktree of it. */
export interface Repository {
  readonly git: Git;
  /** Absolute path of the git directory (of a linked worktree, its own one below the main repository's). */
  readonly gitDirectory: string;
  readonly objectFormat: ObjectFormat;
  /** Where loose objects may be written without running git (`looseObjectsDirectory`); left out where that is not known. */
  readonly looseObjects?: string;
}

const whatRepositoryIs = ['--show-object-format', '--absolute-git-dir'] as const;

/**
 * Opens the repository that `path` lies in: its top, its git directory, or any directory inside of it. Throws
 * `git/not-a-repository`, also where git refuses to use it (because someone else owns it, for instance).
 */
export async function openRepository(git: Git, path: string): Promise<Repository> {
  const args = ['-C', path, 'rev-parse', ...whatRepositoryIs];
  const { exitCode, stdout, stderr } = await git.attempt(args, { effect: 'none' });
  if (exitCode !== 0) {
    throw new GitError(
      'git/not-a-repository',
      `"${path}" is no git repository that git can use. Give the path of one. Git says: ${stderr}`,
      { failure: { command: args, exitCode, stderr } },
    );
  }
  return repositoryAt(git, path, stdout.toString('utf8'));
}

/** The repository that `path` lies in, and the top of its working tree there; undefined where it is in none. */
export async function openWorkingTree(
  git: Git,
  path: string,
): Promise<{ readonly repository: Repository; readonly top: string } | undefined> {
  const args = ['-C', path, 'rev-parse', ...whatRepositoryIs, '--show-toplevel'];
  const { exitCode, stdout } = await git.attempt(args, { effect: 'none' });
  if (exitCode !== 0) return undefined;
  const lines = stdout.toString('utf8').split('\n').slice(0, -1);
  const [format, gitDirectory, top] = lines;
  if (lines.length === 3)
    return { repository: repositoryAt(git, path, `${format}\n${gitDirectory}\n`), top: top! };
  // A name with a line break in it: one after the other it is plain where each ends.
  const alone = await git.run(['-C', path, 'rev-parse', '--show-toplevel'], { effect: 'none' });
  return { repository: await openRepository(git, path), top: alone.toString('utf8').replace(/\n$/, '') };
}

/** Reads what `rev-parse` says of `whatRepositoryIs`. */
function repositoryAt(git: Git, path: string, text: string): Repository {
  const lineEnd = text.indexOf('\n');
  const objectFormat = text.slice(0, lineEnd);
  if (objectFormat !== 'sha1' && objectFormat !== 'sha256') {
    throw new GitError(
      'git/not-a-repository',
      `"${path}" names its objects by ${objectFormat}. Update Micelio.`,
    );
  }
  return { git, gitDirectory: text.slice(lineEnd + 1).replace(/\n$/, ''), objectFormat };
}

/** The arguments that make git work on `repository`, in front of a command. */
export function gitArguments(repository: Repository, command: readonly string[]): string[] {
  return [`--git-dir=${repository.gitDirectory}`, ...command];
}

/**
 * The full id of the commit that `revision` (a branch, a tag, `HEAD~2`, an unambiguous short id) stands for. Throws
 * `git/repository-empty` where there is no commit at all, and `git/revision-unknown`.
 */
export async function resolveCommit(repository: Repository, revision: string): Promise<ObjectId> {
  const args = gitArguments(repository, ['rev-parse', '--verify', `${revision}^{commit}`]);
  // What begins with a dash would be taken for an option, and cannot be a revision.
  const plausible = !revision.startsWith('-') && !revision.includes('\0');
  const answer = plausible ? await repository.git.attempt(args) : undefined;
  if (answer?.exitCode === 0) return parseObjectId(answer.stdout.toString('latin1').trim());
  if (await isEmpty(repository)) {
    throw new GitError(
      'git/repository-empty',
      `The repository ${repository.gitDirectory} has no commits yet. Commit something first.`,
    );
  }
  throw new GitError(
    'git/revision-unknown',
    `"${revision}" names no commit of ${repository.gitDirectory}. Give a branch, a tag, or more digits of a commit id.${answer?.stderr ? ` Git says: ${answer.stderr}` : ''}`,
    answer && { failure: { command: args, exitCode: answer.exitCode, stderr: answer.stderr } },
  );
}

async function isEmpty(repository: Repository): Promise<boolean> {
  const head = ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'];
  const { exitCode } = await repository.git.attempt(gitArguments(repository, head));
  if (exitCode === 0) return false;
  const refs = await repository.git.run(gitArguments(repository, ['for-each-ref', '--count=1']));
  return refs.length === 0;
}
