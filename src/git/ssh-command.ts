import type { Environment } from './git-environment.ts';
import { gitArguments, type Repository } from './repository.ts';

/** ssh ends where it would ask: for a password, for the passphrase of a key, whether a host is the right one. */
const askNothing = '-o BatchMode=yes';
/** A command line that runs OpenSSH's client, or what takes its options. */
const openSsh = /^(?:\S*\/)?ssh(?:\s|$)/;

const found = new WeakMap<Repository, Promise<Environment>>();

/**
 * The variables by which git starts ssh such that it never asks anything: nobody may be there to answer, and ssh asks on
 * the terminal, whatever its input is. What the user has set goes on holding, since ssh takes the first value of an option;
 * a program of theirs that is not ssh is left alone. Looked up once for a `repository`.
 */
export function sshEnvironment(repository: Repository): Promise<Environment> {
  const known = found.get(repository);
  if (known !== undefined) return known;
  const environment = findOut(repository);
  found.set(repository, environment);
  return environment;
}

async function findOut(repository: Repository): Promise<Environment> {
  const { git } = repository;
  const own = git.variable('GIT_SSH_COMMAND') || (await configured(repository));
  if (own !== '') return openSsh.test(own) ? { GIT_SSH_COMMAND: `${own} ${askNothing}` } : {};
  return git.variable('GIT_SSH') ? {} : { GIT_SSH_COMMAND: `ssh ${askNothing}` };
}

async function configured(repository: Repository): Promise<string> {
  const args = gitArguments(repository, ['config', '--get', 'core.sshCommand']);
  const { stdout } = await repository.git.attempt(args, { effect: 'none' });
  return stdout.toString('utf8').trim();
}
