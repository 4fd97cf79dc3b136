import { setTimeout as sleep } from 'node:timers/promises';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { GitLedgerError } from '../../ledger/git/git-ledger-error.ts';

/** How often somebody else may hold git's lock on the configuration, and how long to wait in between, in ms. */
const attemptsMax = 200;
const pauseMs = 10;

/** What the configuration of a repository says; undefined where it says nothing. */
export async function hubSetting(repository: Repository, name: string): Promise<string | undefined> {
  const { exitCode, stdout } = await repository.git.attempt(
    gitArguments(repository, ['config', '--get', name]),
  );
  return exitCode === 0 ? stdout.toString('utf8').replace(/\n$/, '') : undefined;
}

/** Writes a setting of the repository, if it is not there yet. Git locks the file without waiting, so this waits. */
export async function rememberSetting(repository: Repository, name: string, value: string): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if ((await hubSetting(repository, name)) === value) return;
    const args = gitArguments(repository, ['config', '--local', name, value]);
    const { exitCode, stderr } = await repository.git.attempt(args);
    if (exitCode === 0) return;
    if (!/lock/.test(stderr)) break;
    await sleep(pauseMs);
  }
  throw new GitLedgerError(
    'ledger/busy',
    `The configuration ${repository.gitDirectory}/config is locked by another git, or cannot be written. If no git is running, remove "${repository.gitDirectory}/config.lock"; then do it again.`,
  );
}
