import type { RefState } from '../../git/refs.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import type { Hub } from './hub.ts';
import { rootDefault } from './layout.ts';

/**
 * The folders of agents that are laid out at `commit`, in the order of their paths: where their `sessions.lock` is. Reads the
 * names of all files, so it is asked only where something is not where it should be.
 */
export async function laidOutRoots(repository: Repository, commit: RefState): Promise<readonly string[]> {
  if (commit === 'absent') return [];
  const args = ['ls-tree', '-r', '-z', '--full-tree', '--name-only', commit];
  const names = (await repository.git.run(gitArguments(repository, args))).toString('utf8').split('\0');
  return names.flatMap((name) => /^(.+)\/sessions\/sessions\.lock$/.exec(name)?.[1] ?? []);
}

/** What to type so that `hub` has its sessions in `root`. */
export function useRoot({ mainDirectory }: Hub, root: string): string {
  const git = `git -C "${mainDirectory}" config`;
  return root === rootDefault ? `${git} --unset micelio.root` : `${git} micelio.root "${root}"`;
}

/** Throws `ledger/settings-invalid` where main, which has no sessions in the hub's folder, has them in another one. */
export async function requireNoneElsewhere(hub: Hub, main: RefState): Promise<void> {
  const roots = await laidOutRoots(hub.repository, main);
  const [first] = roots;
  if (first === undefined) return;
  throw new GitLedgerError(
    'ledger/settings-invalid',
    `The folder of the agents should be ${hub.layout.root}/ here (git config micelio.root; where it says nothing, ${rootDefault}), and main has none: sessions are laid out in ${roots.join('/, ')}/. To use those: ${useRoot(hub, first)}`,
  );
}

/** Throws `ledger/in-use` where sessions are laid out at `commit`, and not in the hub's folder: nobody would see them any more. */
export async function requireOnlyLayout(hub: Hub, commit: RefState): Promise<void> {
  const roots = await laidOutRoots(hub.repository, commit);
  const [first] = roots;
  const { root } = hub.layout;
  if (first === undefined || roots.includes(root)) return;
  throw new GitLedgerError(
    'ledger/in-use',
    `Sessions are laid out in ${roots.join('/, ')}/ on main, and with another layout in ${root}/ nobody would see them any more. Nothing was changed. To stay there: mic init${first === rootDefault ? '' : ` --root "${first}"`} (where micelio.root names another folder, first ${useRoot(hub, first)}). To have them in ${root}/, move the folder on main (git mv), commit that, and say so in each hub: ${useRoot(hub, root)}`,
  );
}
