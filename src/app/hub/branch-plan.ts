import { hasObject, isAncestor } from '../../git/ancestry.ts';
import type { ObjectId } from '../../git/object-id.ts';
import type { RefMove, RefName } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';

/** Refs by their names, as they were at one moment. */
export type RefMap = ReadonlyMap<RefName, ObjectId>;

/**
 * How a ref of the hub stands to the remote's: `new` there, `ahead` of it, `even`, `behind` it, or `apart`: the remote's
 * has commits that the hub's has not, and the other way round; of a tag, that it is another one.
 */
export type RefStanding = 'new' | 'ahead' | 'even' | 'behind' | 'apart';

export interface StandingRef {
  readonly ref: RefName;
  readonly standing: RefStanding;
}

/** How the branches of the hub below `prefix` stand. What the hub does not have of the remote's counts as more there. */
export async function branchStandings(
  repository: Repository,
  prefix: RefName,
  { here, there }: { readonly here: RefMap; readonly there: RefMap },
): Promise<readonly StandingRef[]> {
  const found: StandingRef[] = [];
  for (const [ref, ours] of here) {
    if (!ref.startsWith(prefix)) continue;
    found.push({ ref, standing: await standingOf(repository, ours, there.get(ref)) });
  }
  return found;
}

async function standingOf(
  repository: Repository,
  ours: ObjectId,
  theirs: ObjectId | undefined,
): Promise<RefStanding> {
  if (theirs === undefined) return 'new';
  if (ours === theirs) return 'even';
  if (!(await hasObject(repository, theirs))) return 'behind';
  if (await isAncestor(repository, theirs, ours)) return 'ahead';
  return (await isAncestor(repository, ours, theirs)) ? 'behind' : 'apart';
}

/** How the tags of the hub stand. */
export function tagStandings(here: RefMap, there: RefMap): readonly StandingRef[] {
  const tags = Array.from(here).filter(([ref]) => ref.startsWith('refs/tags/'));
  return tags.map(([ref, ours]) => {
    const theirs = there.get(ref);
    return { ref, standing: theirs === undefined ? 'new' : theirs === ours ? 'even' : 'apart' };
  });
}

/** The pushes that bring the remote what it lacks of `standings`, and take nothing from it. */
export function pushesFor(
  standings: readonly StandingRef[],
  { here, there }: { readonly here: RefMap; readonly there: RefMap },
): readonly RefMove[] {
  return standings
    .filter(({ standing }) => standing === 'new' || standing === 'ahead')
    .map(({ ref }) => ({ ref, expected: there.get(ref) ?? 'absent', next: here.get(ref)! }));
}
