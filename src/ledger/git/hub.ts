import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Checkout, checkoutsOf, commonDirectory } from '../../git/checkouts.ts';
import { GitError } from '../../git/git-error.ts';
import type { Git } from '../../git/git-process.ts';
import { looseObjectsDirectory } from '../../git/loose-objects.ts';
import { parseRefName, type RefName, readRef } from '../../git/refs.ts';
import { gitArguments, openRepository, type Repository } from '../../git/repository.ts';
import { lostRepositoryAround } from '../../git/repository-around.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import { GitLedgerLayout, isRoot } from './layout.ts';

/** The repository on this machine that a ledger works with. */
export interface Hub {
  /** Opened at the git directory that all its worktrees share. */
  readonly repository: Repository;
  /** The branch that the ledger is on. */
  readonly main: RefName;
  readonly layout: GitLedgerLayout;
  /**
   * The top of the main workspace, where people keep untracked files, and workspaces of sessions lie; of a hub that has
   * none, such as a bare one, its git directory.
   */
  readonly mainDirectory: string;
  /** The checkouts that are on main now. */
  checkouts(): Promise<readonly Checkout[]>;
}

/**
 * Finds the hub of `path`: the repository that the setting `micelio.hub` of the one around `path` names, or else that
 * one, whichever of its worktrees `path` is in. `micelio.main` says which branch is main; otherwise it is the one that
 * `origin` calls so, or else the one that the hub is on. `micelio.root` says which folder is the agents', where it is not
 * `_AGENTS`. Throws `ledger/no-hub`, `ledger/no-main` and `ledger/settings-invalid`.
 */
export async function openHub(git: Git, path: string): Promise<Hub> {
  const here = await openShared(git, path);
  const named = here.config.get('micelio.hub');
  if (named === undefined || named === '') return hubOf(here);
  const place = resolve(dirname(here.repository.gitDirectory), named);
  if (existsSync(place)) return hubOf(await openShared(git, place));
  throw movedAway(path, place, '; of a clone that was made without Micelio: git config micelio.hub PATH');
}

/** A repository with what its configuration says of its ledger. */
interface Opened {
  readonly repository: Repository;
  readonly config: ReadonlyMap<string, string>;
}

async function hubOf({ repository, config }: Opened): Promise<Hub> {
  const main = config.get('micelio.main') ?? (await mainBranch(repository));
  const root = config.get('micelio.root');
  if (root !== undefined && !isRoot(root)) {
    throw new GitLedgerError(
      'ledger/settings-invalid',
      `"${root}" (git config micelio.root) cannot be a folder of the project. Give a path such as _AGENTS.`,
    );
  }
  const branch = parseRefName(main);
  const isBare = config.get('core.bare') === 'true';
  // That of a submodule, or of a repository with its git directory elsewhere.
  const elsewhere = config.get('core.worktree');
  const own = isBare ? 'none' : elsewhere === undefined ? 'beside' : 'elsewhere';
  const looseObjects = looseObjectsDirectory(repository.gitDirectory, config.keys());
  return {
    repository: looseObjects === undefined ? repository : { ...repository, looseObjects },
    main: branch,
    layout: new GitLedgerLayout(root),
    mainDirectory: mainDirectory(repository, elsewhere),
    checkouts: () => checkoutsOf(repository, branch, own),
  };
}

/** Opens the repository around `path` at the git directory that all its worktrees share. */
async function openShared(git: Git, path: string): Promise<Opened> {
  try {
    const [repository, config] = await Promise.all([openRepository(git, path), readConfig(git, path)]);
    return { repository: { ...repository, gitDirectory: await commonDirectory(repository) }, config };
  } catch (cause) {
    if (!(cause instanceof GitError) || cause.code !== 'git/not-a-repository') throw cause;
    const lost = existsSync(path) ? lostRepositoryAround(path) : undefined;
    if (lost !== undefined) throw movedAway(lost.top, lost.gitDirectory, '');
    const said = cause.failure?.stderr.trim() ?? '';
    // Of one that is somebody else's, git says what to do.
    const reason = said === '' || said.includes('not a git repository') ? '' : ` Git says: ${said}`;
    throw new GitLedgerError(
      'ledger/no-hub',
      `"${path}" is no git repository, or one that git cannot use. Go to a repository, or to a session of one.${reason}`,
      { cause },
    );
  }
}

/** The error for a clone or worktree whose repository is not where it was. */
function movedAway(path: string, was: string, besides: string): GitLedgerError {
  return new GitLedgerError(
    'ledger/no-hub',
    `"${path}" belongs to the repository ${was.replace(/\/worktrees\/[^/]+$/, '')}, which is not there any more. Where it was moved, say so: "mic session repair" in it, or "mic session repair --hub PATH" here${besides}`,
  );
}

async function readConfig(git: Git, path: string): Promise<ReadonlyMap<string, string>> {
  const args = ['-C', path, 'config', '--null', '--get-regexp', '^(micelio|core|extensions)\\.'];
  const { stdout } = await git.attempt(args, { effect: 'none' });
  const records = stdout.toString('utf8').split('\0').slice(0, -1);
  return new Map(
    records.map((record) => {
      const end = record.indexOf('\n');
      return end < 0 ? [record, 'true'] : [record.slice(0, end), record.slice(end + 1)];
    }),
  );
}

function mainDirectory({ gitDirectory }: Repository, elsewhere: string | undefined): string {
  if (elsewhere !== undefined && elsewhere !== '') return resolve(gitDirectory, elsewhere);
  // Not beside a bare one: what lies there is not its own, and may be another hub with sessions of the same names.
  return basename(gitDirectory) === '.git' ? dirname(gitDirectory) : gitDirectory;
}

/**
 * In a clone, the branch that was main where it came from: whoever is on another branch there works on that one, and does
 * not mean its sessions. Elsewhere the branch that the main worktree is on, whichever worktree this is.
 */
async function mainBranch(repository: Repository): Promise<string> {
  const [current, ofOrigin] = await Promise.all([
    symbolicRef(repository, 'HEAD'),
    symbolicRef(repository, 'refs/remotes/origin/HEAD'),
  ]);
  const named = ofOrigin?.replace(/^refs\/remotes\/origin\//, 'refs/heads/');
  // A name that is left of a branch that has been renamed there stands for nothing.
  const isThere = async () => (await readRef(repository, 'refs/remotes/origin/HEAD')) !== 'absent';
  if (named !== undefined && (named === current || (await isThere()))) return named;
  if (current !== undefined) return current;
  throw new GitLedgerError(
    'ledger/no-main',
    `The hub ${repository.gitDirectory} is on no branch, so it does not say which one is main. Say it: git config micelio.main main`,
  );
}

/** What a ref stands for that is another one's name; undefined for any other. */
async function symbolicRef(repository: Repository, name: string): Promise<string | undefined> {
  // Saves a process, where refs are files. Where they are not, HEAD's file names a branch that cannot be.
  const text = await readFile(join(repository.gitDirectory, name), 'utf8').catch(() => undefined);
  const [, inFile] = /^ref: (refs\/.*)\n$/.exec(text ?? '') ?? [];
  if (inFile !== undefined && inFile !== 'refs/heads/.invalid') return inFile;
  if (inFile === undefined && name !== 'HEAD') return undefined;
  const args = gitArguments(repository, ['symbolic-ref', '--quiet', name]);
  const { exitCode, stdout } = await repository.git.attempt(args);
  return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
}
