import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** One of several refs that move together. `absent` as what comes next deletes the ref. */
export interface RefMove {
  readonly ref: RefName;
  readonly expected: RefState;
  readonly next: RefState;
}

/**
 * How it went: `lost` means that a ref was not what was expected, `refused` that all were, and git would not move them,
 * for the reason that it gives: a hook, a lock, a full disk. In both cases nothing has changed.
 */
export type RefOutcome =
  | { readonly outcome: 'moved' | 'lost' }
  | { readonly outcome: 'refused'; readonly words: string };

/** The refs of `repository` that are one of `patterns` or lie below one, by name. */
export async function readRefs(
  repository: Repository,
  patterns: readonly RefName[],
): Promise<ReadonlyMap<RefName, ObjectId>> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', ...patterns];
  return parseRefList(await repository.git.run(gitArguments(repository, args), { effect: 'none' }), ' ');
}

/** Lines of an id and a ref's name, with `separator` between them. */
export function parseRefList(output: Buffer, separator: string): ReadonlyMap<RefName, ObjectId> {
  const refs = new Map<RefName, ObjectId>();
  for (const line of output.toString('utf8').split('\n')) {
    const end = line.indexOf(separator);
    if (end > 0) refs.set(line.slice(end + 1) as RefName, parseObjectId(line.slice(0, end)));
  }
  return refs;
}

/**
 * What `branch` points to; undefined where there is none. `repository` is opened at its common directory. Its own file is
 * read where refs are files and it has one, which counts before all else then: that saves starting git.
 */
export async function readBranch(repository: Repository, branch: RefName): Promise<ObjectId | undefined> {
  const text = await readFile(join(repository.gitDirectory, branch), 'latin1').catch(() => undefined);
  const [, id] = /^([0-9a-f]{40}|[0-9a-f]{64})\n$/.exec(text ?? '') ?? [];
  return id === undefined ? (await readRefs(repository, [branch])).get(branch) : parseObjectId(id);
}

/** Moves all of `moves` or none, if every ref is what is expected. `reason` is for the logs of the refs. */
export async function moveRefs(
  repository: Repository,
  moves: readonly RefMove[],
  reason: string,
): Promise<RefOutcome> {
  const none = '0'.repeat(idBytesOf[repository.objectFormat] * 2);
  const idOf = (state: RefState) => (state === 'absent' ? none : state);
  const lines = moves.map(({ ref, expected, next }) =>
    expected === next
      ? `verify ${ref}\0${idOf(expected)}\0`
      : `update ${ref}\0${idOf(next)}\0${idOf(expected)}\0`,
  );
  // Whoever is killed while writing this has not said "commit", and git drops it all.
  const input = `start\0${lines.join('')}prepare\0commit\0`;
  const args = gitArguments(repository, ['update-ref', '-m', reason, '--stdin', '-z']);
  const { exitCode, stderr } = await repository.git.attempt(args, { input });
  if (exitCode === 0) return { outcome: 'moved' };
  const now = await readRefs(
    repository,
    moves.map(({ ref }) => ref),
  );
  const isAt = (end: 'expected' | 'next') =>
    moves.every((move) => (now.get(move.ref) ?? 'absent') === move[end]);
  if (isAt('next')) return { outcome: 'moved' };
  return isAt('expected') ? { outcome: 'refused', words: stderr } : { outcome: 'lost' };
}

async function checkRefName(repository: Repository, ref: string): Promise<void> {
  const { exitCode } = await repository.git.attempt(['check-ref-format', ref]);
  if (exitCode === 0 && ref.startsWith('refs/')) return;
  throw new GitError(
    'git/ref-invalid',
    `${JSON.stringify(ref)} cannot name a ref. Give a full name such as refs/heads/main.`,
  );
}
