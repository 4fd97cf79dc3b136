import { GitError } from './git-error.ts';
import { idBytesOf, type ObjectId, parseObjectId } from './object-id.ts';
import { gitArguments, type Repository } from './repository.ts';

/** A full name of a ref: `refs/heads/main`. */
export type RefName = `refs/${string}`;

/** A ref name that a user typed; throws `git/ref-invalid`. A branch may be given by its name alone. */
export function parseRefName(text: string): RefName {
  const name = text.startsWith('refs/') ? text : `refs/heads/${text}`;
  // What `git check-ref-format` refuses (its manual page has the rules), also with `--branch`.
  const valid =
    !/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.$|\/$/.test(name) &&
    !/^refs\/heads\/(?:-|HEAD$)/.test(name) &&
    name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
  if (!valid)
    throw new GitError(
      'git/ref-invalid',
      `"${text}" cannot be the name of a ref. Write something like refs/heads/agents.`,
    );
  return name as RefName;
}

/** What a ref must be for a change of it to happen. */
export type RefState = ObjectId | 'absent';

export interface RefUpdate {
  readonly ref: RefName;
  readonly expected: RefState;
  readonly id: ObjectId;
  /** What the ref's log says of it. */
  readonly reason: string;
}

/** What `ref` points to. */
export async function readRef(repository: Repository, ref: RefName): Promise<RefState> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', ref];
  const { exitCode, stdout } = await repository.git.attempt(gitArguments(repository, args));
  return exitCode === 0 ? parseObjectId(stdout.toString('latin1').trim()) : 'absent';
}

/**
 * Moves `ref` to `id` if it is what is expected, atomically. Throws `git/ref-moved` when it is something else,
 * `git/ref-invalid` for a name that no ref can have, and `git/failed`.
 */
export async function updateRef(
  repository: Repository,
  { ref, expected, id, reason }: RefUpdate,
): Promise<void> {
  await checkRefName(repository, ref);
  const none = '0'.repeat(idBytesOf[repository.objectFormat] * 2);
  const old = expected === 'absent' ? none : expected;
  const args = gitArguments(repository, ['update-ref', '-m', reason, ref, id, old]);
  const { exitCode, stderr } = await repository.git.attempt(args);
  if (exitCode === 0) return;
  const failure = { command: args, exitCode, stderr };
  const now = await readRef(repository, ref);
  if (now !== expected) {
    throw new GitError(
      'git/ref-moved',
      `${ref} is ${now}, and not ${expected} as expected: someone was faster. Look at what they did and try again.`,
      { failure },
    );
  }
  throw new GitError('git/failed', `${ref} could not be moved to ${id}: ${stderr}`, { failure });
}

async function checkRefName(repository: Repository, ref: string): Promise<void> {
  const { exitCode } = await repository.git.attempt(['check-ref-format', ref]);
  if (exitCode === 0 && ref.startsWith('refs/')) return;
  throw new GitError(
    'git/ref-invalid',
    `${JSON.stringify(ref)} cannot name a ref. Give a full name such as refs/heads/main.`,
  );
}
