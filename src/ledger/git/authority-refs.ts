import type { ObjectId } from '../../git/object-id.ts';
import type { RefName } from '../../git/refs.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { AuthorityRefs } from './authority.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import { slugOfClaimRef } from './layout.ts';

/** The refs of an authority, by what they mean. Throws `ledger/not-initialised` where there is no main. */
export function authorityRefs(
  refs: ReadonlyMap<RefName, ObjectId>,
  main: RefName,
  name: string,
): AuthorityRefs {
  const claims = new Map<Slug, ObjectId>();
  for (const [ref, id] of refs) {
    const slug = slugOfClaimRef(ref);
    if (slug !== undefined) claims.set(slug, id);
  }
  const commit = refs.get(main);
  if (commit === undefined) {
    throw new GitLedgerError(
      'ledger/not-initialised',
      `${name} has no ${main} yet. Commit something there, and lay out the sessions with "mic init"; or say which branch is main: git config micelio.main NAME`,
    );
  }
  return { main: commit, claims };
}
