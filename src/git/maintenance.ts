import { gitArguments, type Repository } from './repository.ts';

/**
 * Has git look in the background whether the repository needs tidying up, as its own commands do at their end: git decides
 * whether and what, by `gc.auto` and the rest of its settings. Nobody waits for it, and whether it works changes nothing.
 * `off`: the user wants none (`maintenance.auto`).
 */
export async function startMaintenance(repository: Repository): Promise<'started' | 'off'> {
  // Git's commands ask this before they start it, so it does not ask itself.
  const wanted = ['config', '--type=bool', '--get', 'maintenance.auto'];
  const { stdout } = await repository.git.attempt(gitArguments(repository, wanted));
  if (stdout.toString('latin1').trim() === 'false') return 'off';
  await repository.git.startDetached(gitArguments(repository, ['maintenance', 'run', '--auto', '--quiet']));
  return 'started';
}
