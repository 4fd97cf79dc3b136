import { gitArguments, type Repository } from '../../git/repository.ts';
import { readHubId } from './hub-id.ts';
import type { GitLedgerSettings } from './settings.ts';

/** Who decides about the sessions of a hub, as seen from there. */
export type Decider =
  /** The hub itself. */
  | { readonly kind: 'this' }
  /** A remote of it. */
  | { readonly kind: 'remote'; readonly name: string }
  /** Another repository, which nobody can ask from here: this is a clone of it, or of the same remote. */
  | { readonly kind: 'another' }
  /** Nobody has chosen, and there are remotes, by which others may have the same sessions. */
  | { readonly kind: 'nobody'; readonly remotes: readonly string[] };

/** What the project's settings on main mean in this repository. */
export async function deciderOf(
  hub: Repository,
  { authority }: Pick<GitLedgerSettings, 'authority'>,
): Promise<Decider> {
  if (authority?.kind === 'remote') return authority;
  if (authority?.kind === 'hub') return { kind: readHubId(hub) === authority.id ? 'this' : 'another' };
  const remotes = await remotesOf(hub);
  return remotes.length === 0 ? { kind: 'this' } : { kind: 'nobody', remotes };
}

/** The names of a repository's remotes. */
export async function remotesOf(repository: Repository): Promise<readonly string[]> {
  const output = await repository.git.run(gitArguments(repository, ['remote']), { effect: 'none' });
  return output
    .toString('utf8')
    .split('\n')
    .filter((name) => name !== '');
}
