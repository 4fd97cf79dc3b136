import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Checkout, checkoutsOf, commonDirectory } from '../../git/checkouts.ts';
import { GitError } from '../../git/git-error.ts';
import type { Git } from '../../git/git-process.ts';
import { parseRefName, type RefName } from '../../git/refs.ts';
import { gitArguments, openRepository, type Repository } from '../../git/repository.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import { GitLedgerLayout, isRoot } from './layout.ts';

/** The repository on this machine that a ledger works with. */
export interface Hub {
  /** Opened at the git directory that all its worktrees share. */
  readonly repository: Repository;
  /** The branch that the ledger is on. */
  readonly main: RefName;
  readonly layout: GitLedgerLayout;
  /** The checkouts that are on main now. */
  checkouts(): Promise<readonly Checkout[]>;
}

/**
 * Finds the hub of `path`: the repository that the setting `micelio.hub` of the one around `path` names, or else that
 * one, whichever of its worktrees `path` is in. `micelio.main` says which branch is main, where it is not the one that
 * the hub is on; `micelio.root` which folder is the agents', where it is not `_AGENTS`. Throws `ledger/no-hub`,
 * `ledger/no-main` and `ledger/settings-invalid`.
 */
export async function openHub(git: Git, path: string): Promise<Hub> {
  const here = await openShared(git, path);
  const named = here.config.get('micelio.hub');
  if (named === undefined || named === '') return hubOf(here);
  return hubOf(await openShared(git, resolve(dirname(here.repository.gitDirectory), named)));
}

/** A repository with what its configuration says of its ledger. */
interface Opened {
  readonly repository: Repository;
  readonly config: ReadonlyMap<string, string>;
}

async function hubOf({ repository, config }: Opened): Promise<Hub> {
  const main = config.get('micelio.main') ?? (await currentBranch(repository));
  const root = config.get('micelio.root');
  if (root !== undefined && !isRoot(root)) {
    throw new GitLedgerError(
      'ledger/settings-invalid',
      `"${root}" (git config micelio.root) cannot be a folder of the project. Give a path such as _AGENTS.`,
    );
  }
  const branch = parseRefName(main);
  const isBare = config.get('core.bare') === 'true';
  return {
    repository,
    main: branch,
    layout: new GitLedgerLayout(root),
    checkouts: () => checkoutsOf(repository, branch, isBare),
  };
}

/** Opens the repository around `path` at the git directory that all its worktrees share. */
async function openShared(git: Git, path: string): Promise<Opened> {
  try {
    const [repository, config] = await Promise.all([openRepository(git, path), readConfig(git, path)]);
    return { repository: { ...repository, gitDirectory: await commonDirectory(repository) }, config };
  } catch (cause) {
    if (!(cause instanceof GitError) || cause.code !== 'git/not-a-repository') throw cause;
    throw new GitLedgerError(
      'ledger/no-hub',
      `"${path}" is no git repository, or one that git cannot use. Go to a repository, or to a session of one; where the hub was moved, say in its sessions where it is: git config micelio.hub PATH.`,
      { cause },
    );
  }
}

async function readConfig(git: Git, path: string): Promise<ReadonlyMap<string, string>> {
  const args = ['-C', path, 'config', '--null', '--get-regexp', '^(micelio\\..*|core\\.bare)$'];
  const { stdout } = await git.attempt(args, { effect: 'none' });
  const records = stdout.toString('utf8').split('\0').slice(0, -1);
  return new Map(
    records.map((record) => {
      const end = record.indexOf('\n');
      return end < 0 ? [record, 'true'] : [record.slice(0, end), record.slice(end + 1)];
    }),
  );
}

/** What the main worktree's HEAD names, whichever worktree this is. */
async function currentBranch(repository: Repository): Promise<string> {
  const [, inFile] = /^ref: (refs\/heads\/.*)\n$/.exec(await headFile(repository)) ?? [];
  if (inFile !== undefined && inFile !== 'refs/heads/.invalid') return inFile;
  const args = gitArguments(repository, ['symbolic-ref', '--quiet', 'HEAD']);
  const { exitCode, stdout } = await repository.git.attempt(args);
  if (exitCode === 0) return stdout.toString('utf8').trim();
  throw new GitLedgerError(
    'ledger/no-main',
    `The hub ${repository.gitDirectory} is on no branch, so it does not say which one is main. Say it: git config micelio.main main`,
  );
}

/** Saves a process, where refs are files. Where they are not, the file names a branch that cannot be. */
async function headFile({ gitDirectory }: Repository): Promise<string> {
  return readFile(join(gitDirectory, 'HEAD'), 'utf8').catch(() => '');
}
