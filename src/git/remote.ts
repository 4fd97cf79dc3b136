import { GitError } from './git-error.ts';
import type { GitOutput } from './git-process.ts';
import type { ObjectId } from './object-id.ts';
import { parseRefList, type RefMove, type RefName } from './refs.ts';
import { gitArguments, type Repository } from './repository.ts';

/** A remote of a repository, by the name that its configuration has for it. Git itself knows URL and credentials. */
export interface Remote {
  readonly repository: Repository;
  readonly name: string;
}

/** After this time without an end, a git that talks to a remote is stopped: the network is gone. */
const answerMsMax = 120_000;
/** Less than a byte a second for this long, over HTTP, and the connection counts as gone. In seconds. */
const silenceSeconds = 30;

/** The refs of `remote` that are one of `refs` or, for one that ends with a slash, lie below it. Throws `git/failed`. */
export async function readRemoteRefs(
  remote: Remote,
  refs: readonly RefName[],
): Promise<ReadonlyMap<RefName, ObjectId>> {
  const patterns = refs.map((ref) => (ref.endsWith('/') ? `${ref}*` : ref));
  const output = await talk(remote, ['ls-remote', '--quiet', '--refs', remote.name, ...patterns]);
  if (output.exitCode !== 0) throw failure(remote, 'ls-remote', output);
  const found = parseRefList(output.stdout, '\t');
  // A pattern of ls-remote also matches at the end of longer names.
  const isWanted = (name: RefName) =>
    refs.some((ref) => (ref.endsWith('/') ? name.startsWith(ref) : name === ref));
  return new Map(Array.from(found).filter(([name]) => isWanted(name)));
}

/** Brings what `refs` of `remote` point to, and all below it, and moves no ref here. Throws `git/failed`. */
export async function fetchObjects(remote: Remote, refs: readonly RefName[]): Promise<void> {
  const options = [
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--refmap=',
    '--no-recurse-submodules',
    '--no-auto-maintenance',
  ];
  const output = await talk(remote, ['fetch', ...options, remote.name, ...refs]);
  if (output.exitCode !== 0) throw failure(remote, 'fetch', output);
}

/** What a push came to: `failed` may have happened or not, if the connection broke; look. */
export type PushOutcome =
  | { readonly outcome: 'moved' }
  | { readonly outcome: 'failed'; readonly error: GitError };

/** `run`: what the user has configured to run before a push is run, such as the upload of large files. */
export type PushHooks = 'run' | 'skip';

/** Asks `remote` to move all of `moves` or none, if every ref is what is expected. */
export async function pushRefs(
  remote: Remote,
  moves: readonly RefMove[],
  hooks: PushHooks,
): Promise<PushOutcome> {
  const options = [
    '--quiet',
    '--porcelain',
    '--atomic',
    '--no-follow-tags',
    '--recurse-submodules=no',
    ...(hooks === 'skip' ? ['--no-verify'] : []),
    ...moves.map(({ ref, expected }) => `--force-with-lease=${ref}:${expected === 'absent' ? '' : expected}`),
  ];
  const specs = moves.map(({ ref, next }) => `${next === 'absent' ? '' : next}:${ref}`);
  const output = await talk(remote, ['push', ...options, remote.name, ...specs]);
  if (output.exitCode === 0) return { outcome: 'moved' };
  return { outcome: 'failed', error: failure(remote, 'push', output) };
}

async function talk({ repository }: Remote, command: readonly string[]): Promise<GitOutput> {
  const patience = ['-c', 'http.lowSpeedLimit=1', '-c', `http.lowSpeedTime=${silenceSeconds}`];
  const process = await repository.git.start([...patience, ...gitArguments(repository, command)]);
  process.end();
  const timer = setTimeout(() => void process.stop(), answerMsMax);
  const pieces: Buffer[] = [];
  try {
    for await (const piece of process.stdout as AsyncIterable<Buffer>) pieces.push(piece);
  } catch {
    // A stream that `stop` has closed under us. How git ended is what counts.
  }
  const { code } = await process.exited;
  clearTimeout(timer);
  const silent = code === undefined ? `No answer for ${answerMsMax / 1000} s.` : process.stderr;
  return { exitCode: code ?? -1, stdout: Buffer.concat(pieces), stderr: silent };
}

function failure({ name }: Remote, command: string, { exitCode, stdout, stderr }: GitOutput): GitError {
  // What --porcelain says of each ref, such as the reason of a refusal, comes on standard output.
  const refusals = stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.split('\t').slice(1).join(' '));
  const words = withoutCredentials([stderr, ...refusals].filter((line) => line !== '').join('\n'));
  return new GitError('git/failed', `"git ${command}" with the remote "${name}" failed: ${words}`, {
    failure: { command: [command, name], exitCode, stderr: words },
  });
}

/** `text` with what stands between `//` and `@` in a URL left out: a user may have a token in a remote's URL. */
export function withoutCredentials(text: string): string {
  return text.replace(/(\w:\/\/)[^\s/]*@/g, '$1');
}
