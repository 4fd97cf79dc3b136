import type { Environment } from './git-environment.ts';
import { GitError, type GitErrorCode } from './git-error.ts';
import type { GitOutput } from './git-process.ts';
import type { ObjectId } from './object-id.ts';
import { parseRefList, type RefMove, type RefName } from './refs.ts';
import { gitArguments, type Repository } from './repository.ts';
import { sshEnvironment } from './ssh-command.ts';

/** A remote of a repository, by the name that its configuration has for it. Git itself knows URL and credentials. */
export interface Remote {
  readonly repository: Repository;
  readonly name: string;
  /** How long git may take, in ms; left out, 2 minutes. After that it is stopped: the network is gone. */
  readonly answerMsMax?: number;
  /** What credential helpers and ssh shall find, besides what this process was given. */
  readonly environment?: Environment;
}

const answerMsMaxDefault = 120_000;
/** How long a fetch or push may take, in ms: there may be much to bring. A silent HTTP connection ends far earlier. */
export const transferMsMax = 60 * 60_000;
/** Less than a byte a second for this long, over HTTP, and the connection counts as gone. In seconds. */
const silenceSeconds = 30;

/**
 * The refs of `remote` that are one of `refs` or, for one that ends with a slash, lie below it. Throws `git/failed`,
 * `git/unreachable` and `git/unauthorized`, as all that asks a remote does.
 */
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

/**
 * Brings what `wanted` of `remote` point to, and all below it, and moves no ref here. By an id comes exactly that, without
 * another look at the refs; a server with git's protocol 2 has it even after a ref has moved on, an older one may refuse.
 */
export async function fetchObjects(remote: Remote, wanted: readonly (RefName | ObjectId)[]): Promise<void> {
  const output = await talk(remote, ['fetch', ...fetchOptions, remote.name, ...wanted]);
  if (output.exitCode !== 0) throw failure(remote, 'fetch', output);
}

/** From a ref of the remote to one here; both end with `/*` where all below are meant. */
export interface Refspec {
  readonly from: RefName;
  readonly to: RefName;
  /** `follow`: the ref here is where the remote's is, whatever it was. `add`: it may only grow. */
  readonly mode: 'follow' | 'add';
}

/**
 * Brings what `specs` say: refs here move all or none. With `try`, no ref moves, and only the objects come.
 */
export async function fetchRefs(
  remote: Remote,
  specs: readonly Refspec[],
  effect: 'move' | 'try',
): Promise<void> {
  const lines = specs.map(({ from, to, mode }) => `${mode === 'follow' ? '+' : ''}${from}:${to}`);
  const options = [...fetchOptions, '--atomic', ...(effect === 'try' ? ['--dry-run'] : [])];
  const output = await talk(remote, ['fetch', ...options, remote.name, ...lines]);
  if (output.exitCode !== 0) throw failure(remote, 'fetch', output);
}

const fetchOptions = [
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--refmap=',
  '--no-recurse-submodules',
  '--no-auto-maintenance',
];

/** What a push came to: `failed` with `git/unreachable` may have happened or not, or be about to happen; look. */
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
    '--atomic',
    '--no-follow-tags',
    ...(hooks === 'skip' ? ['--no-verify'] : []),
    ...moves.map(({ ref, expected }) => `--force-with-lease=${ref}:${expected === 'absent' ? '' : expected}`),
  ];
  const specs = moves.map(({ ref, next }) => `${next === 'absent' ? '' : next}:${ref}`);
  return push(remote, options, specs);
}

/** Pushes a branch as `git push` does: at `remote` it may only go forward. */
export function pushBranch(remote: Remote, branch: RefName): Promise<PushOutcome> {
  return push(remote, [], [`${branch}:${branch}`]);
}

async function push(
  remote: Remote,
  options: readonly string[],
  specs: readonly string[],
): Promise<PushOutcome> {
  const always = ['--quiet', '--porcelain', '--recurse-submodules=no'];
  const output = await talk(remote, ['push', ...always, ...options, remote.name, ...specs]);
  if (output.exitCode === 0) return { outcome: 'moved' };
  return { outcome: 'failed', error: failure(remote, 'push', output) };
}

/** Whether `remote` would let whoever runs this push to `ref`, as far as it says before a push. Nothing is pushed. */
export async function canPush(remote: Remote, ref: RefName): Promise<boolean> {
  const options = ['--dry-run', '--quiet', '--porcelain', '--no-verify', '--recurse-submodules=no'];
  const output = await talk(remote, ['push', ...options, remote.name, `${ref}:${ref}`]);
  // Somebody who is let in is told of each ref, also of one that could not be pushed now.
  return output.exitCode === 0 || /^!/m.test(output.stdout.toString('utf8'));
}

async function talk(remote: Remote, command: readonly string[]): Promise<GitOutput> {
  const { repository, answerMsMax = answerMsMaxDefault, environment = {} } = remote;
  const patience = ['-c', 'http.lowSpeedLimit=1', '-c', `http.lowSpeedTime=${silenceSeconds}`];
  const args = [...patience, ...gitArguments(repository, command)];
  const ssh = await sshEnvironment(repository);
  const process = await repository.git.start(args, { environment: { ...ssh, ...environment } });
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
  const words = [stderr, ...refusals].filter((line) => line !== '').join('\n');
  const failed = { command: [command, name], exitCode, stderr: words };
  const [code, text] = meaningOf(name, command, words);
  return new GitError(code, text, { failure: failed });
}

/** Git has no other code for what went wrong than its words, which are in English here. */
function meaningOf(name: string, command: string, words: string): [GitErrorCode, string] {
  if (/\brejected\]/.test(words)) {
    return ['git/push-refused', `The remote "${name}" did not take it: ${words}`];
  }
  if (aboutKeys.test(words)) {
    return [
      'git/unauthorized',
      `The remote "${name}" lets nobody in whose key it does not know, or ssh does not know the remote; and ssh asks nothing here. Connect once by hand, to see what it would ask. Then give ssh's agent the key ("ssh-add FILE"), or name a key without a passphrase for this host in ~/.ssh/config; a password will not do. Git says: ${words}`,
    ];
  }
  if (aboutCredentials.test(words)) {
    return [
      'git/unauthorized',
      `The remote "${name}" lets nobody in without credentials, or not with these, or not for this: they are missing, wrong, expired, or may not do it. Give git a credential helper that has valid ones ("git help credentials"), or a program in GIT_ASKPASS; never write them into a URL. Git says: ${words}`,
    ];
  }
  // A server that does not give what was asked for ends the connection, too.
  if (refusesObject.test(words))
    return ['git/failed', `The remote "${name}" does not give what was asked for: ${words}`];
  const text = `"git ${command}" with the remote "${name}" failed: ${words}`;
  return [aboutConnection.test(words) ? 'git/unreachable' : 'git/failed', text];
}

const refusesObject = /not our ref|unadvertised object/;
const aboutKeys = /Permission denied \(|Host key verification failed/;
const aboutCredentials =
  /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|returned error: 40[13]/;
const aboutConnection =
  /unable to access|RPC failed|hung up|early EOF|disconnect|Could not read from remote|Connection |Could not resolve|No answer for/;
