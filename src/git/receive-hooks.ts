import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { idBytesOf } from './object-id.ts';
import { endOf } from './redaction.ts';
import type { RefMove, RefState } from './refs.ts';
import { gitArguments, type Repository } from './repository.ts';

/** How much of what a hook says is passed on, in characters. */
const wordsMax = 4096;

/**
 * Asks the hooks of a repository that may refuse a push whether `moves` are welcome, as `git receive-pack` does: first
 * `pre-receive`, with a line for each move, then `update` for each. Both run in the git directory, with `GIT_DIR` set, and
 * find the objects in it. Returns what the first one that refuses has said, and undefined where none does or there is none.
 */
export async function refusalOfHooks(
  repository: Repository,
  moves: readonly RefMove[],
): Promise<string | undefined> {
  const [preReceive, update] = await hookFiles(repository, ['pre-receive', 'update']);
  const none = '0'.repeat(idBytesOf[repository.objectFormat] * 2);
  const idOf = (state: RefState) => (state === 'absent' ? none : state);
  if (preReceive !== undefined) {
    const refusal = await ask(repository, preReceive, [], linesOf(repository, moves));
    if (refusal !== undefined) return refusal;
  }
  if (update === undefined) return undefined;
  for (const { ref, expected, next } of moves) {
    const refusal = await ask(repository, update, [ref, idOf(expected), idOf(next)], '');
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * Starts the hooks of a repository that are told of a push once it is done: `post-receive`, with a line for each move, and
 * `post-update`, with the refs. They run in the background as `git receive-pack` runs them, and nobody waits for them. What
 * they print stays in a file each, `micelio/<hook>.log` in the git directory, until the next time; so does why one could not
 * be started. Throws where that file cannot be written.
 */
export async function announceToHooks(repository: Repository, moves: readonly RefMove[]): Promise<void> {
  const [postReceive, postUpdate] = await hookFiles(repository, ['post-receive', 'post-update']);
  const start = async (name: string, file: string | undefined, args: readonly string[], input: string) => {
    if (file === undefined) return;
    const { git, gitDirectory: directory } = repository;
    await mkdir(join(directory, 'micelio'), { recursive: true });
    await git.startHook(file, args, { directory, input, log: join(directory, 'micelio', `${name}.log`) });
  };
  await start('post-receive', postReceive, [], linesOf(repository, moves));
  const refs = moves.map(({ ref }) => ref);
  await start('post-update', postUpdate, refs, '');
}

/** What a hook reads of moves: a line for each, with what the ref was, what it is, and its name. */
function linesOf({ objectFormat }: Repository, moves: readonly RefMove[]): string {
  const none = '0'.repeat(idBytesOf[objectFormat] * 2);
  const idOf = (state: RefState) => (state === 'absent' ? none : state);
  return moves.map(({ ref, expected, next }) => `${idOf(expected)} ${idOf(next)} ${ref}\n`).join('');
}

/** The paths of hooks, where `core.hooksPath` has them; undefined for one that is not there or cannot be run, as git passes it over. */
async function hookFiles(
  repository: Repository,
  names: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const { git, gitDirectory } = repository;
  const args = ['rev-parse', ...names.flatMap((name) => ['--git-path', `hooks/${name}`])];
  // A path that is not absolute is one from where the hooks run.
  const output = await git.run(['-C', gitDirectory, ...gitArguments(repository, args)]);
  const paths = output.toString('utf8').trimEnd().split('\n');
  return Promise.all(
    paths.map(async (path) => {
      const file = resolve(gitDirectory, path);
      return access(file, constants.X_OK).then(
        () => file,
        () => undefined,
      );
    }),
  );
}

async function ask(
  { git, gitDirectory }: Repository,
  file: string,
  args: readonly string[],
  input: string,
): Promise<string | undefined> {
  const { exitCode, stdout, stderr } = await git.runHook(file, args, { directory: gitDirectory, input });
  if (exitCode === 0) return undefined;
  const words = [stdout.toString('utf8').trim(), stderr].filter((text) => text !== '').join('\n');
  return `the hook ${file} said no${words === '' ? '.' : `: ${endOf(words, wordsMax)}`}`;
}
