import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { RefState } from '../../git/refs.ts';
import { StagedObjects } from '../../git/staged-objects.ts';
import { type Decider, deciderOf } from '../../ledger/git/decider.ts';
import { GitLedgerError } from '../../ledger/git/git-ledger-error.ts';
import type { Hub } from '../../ledger/git/hub.ts';
import { ensureHubId, newHubId, readHubId } from '../../ledger/git/hub-id.ts';
import type { HubReader } from '../../ledger/git/hub-reader.ts';
import { MainTree } from '../../ledger/git/init/main-tree.ts';
import { LocalAuthority } from '../../ledger/git/local-authority.ts';
import { RemoteAuthority } from '../../ledger/git/remote-authority.ts';
import { type AuthorityChoice, parseSettings } from '../../ledger/git/settings.ts';
import { mainOfRemote, requireNoClaims } from './init-checks.ts';

/** Who shall decide about the sessions: a remote, or the repository in which that is said. */
export type AuthorityWish = { readonly kind: 'remote'; readonly name: string } | { readonly kind: 'this' };

/** What is done where another repository decides, which cannot be asked: it may have given sessions away. */
export type AnotherDecider = 'refuse' | 'take over';

export interface AuthorityPlan {
  /** Who decides once all is done, as seen from here. */
  readonly decider: Decider;
  /** Whom the settings name where the commit is made, and are to name; undefined leaves that as it is. */
  readonly from: AuthorityChoice | undefined;
  readonly to: AuthorityChoice | undefined;
  /** The remote whose main gets the commit; undefined: the hub's own main. */
  readonly via: string | undefined;
  /** Where that main is. */
  readonly base: RefState;
}

export interface AuthorityPlanRequest {
  readonly wish: AuthorityWish | undefined;
  readonly another: AnotherDecider;
  /** Where the hub's own main is. */
  readonly own: RefState;
  readonly mode: 'apply' | 'dry-run';
}

interface Place {
  readonly hub: Hub;
  readonly reader: HubReader;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Finds out who is to decide: whom the request names, or else whom the settings do, or else, where there are none yet, this
 * repository. Throws `ledger/in-use` where the one who decides now has given sessions away, or cannot be asked, and as
 * `mainOfRemote` does.
 */
export async function planAuthority(
  place: Place,
  { wish: wanted, another, own, mode }: AuthorityPlanRequest,
): Promise<AuthorityPlan> {
  const { hub, reader, clock, random } = place;
  const { repository } = hub;
  const before = await namedAt(place, own);
  const known = await deciderOf(repository, { authority: before.authority });
  const wish = wanted ?? (before.isThere ? undefined : thisOne);
  const via = wish?.kind === 'remote' ? wish.name : known.kind === 'remote' ? known.name : undefined;
  const base = via === undefined ? own : await mainOfRemote(hub, { repository, name: via }, reader);
  const from = via === undefined ? before.authority : (await namedAt(place, base)).authority;
  const settled = { decider: known, from, to: undefined, via, base };
  if (wish === undefined || (wish.kind === 'this' && known.kind === 'this' && from?.kind === 'hub'))
    return settled;
  const now = await deciderOf(repository, { authority: from });
  if (now.kind === 'another' && another === 'refuse') throw anotherDecides();
  if (wish.kind === 'remote') {
    if (now.kind === 'remote' && now.name !== wish.name) throw remoteDecides(now.name, wish.name);
    const isSame = known.kind === 'remote' && known.name === wish.name;
    if (!isSame && own !== 'absent')
      await requireNoClaims(hub, reader, (await new LocalAuthority(hub).look()).claims);
    return { ...settled, decider: wish, to: wish };
  }
  if (via !== undefined) {
    const { claims } = await new RemoteAuthority(hub, via, { reader, clock, patience: 'usual' }).look();
    await requireNoClaims(hub, reader, claims);
  }
  const id =
    mode === 'apply' ? await ensureHubId(repository, random) : (readHubId(repository) ?? newHubId(random));
  return { ...settled, decider: thisOne, to: { kind: 'hub', id } };
}

const thisOne = { kind: 'this' } as const;

/** Whom the settings at `commit` name, and whether there are any. */
async function namedAt(
  { hub, reader }: Pick<Place, 'hub' | 'reader'>,
  commit: RefState,
): Promise<{ readonly isThere: boolean; readonly authority: AuthorityChoice | undefined }> {
  const objects = new StagedObjects(hub.repository, reader.current);
  const tree = await MainTree.of(hub.repository, objects, commit);
  const bytes = await tree.file(hub.layout.settings);
  return { isThere: bytes !== undefined, authority: parseSettings(bytes, hub.layout.settings).authority };
}

function anotherDecides(): GitLedgerError {
  return new GitLedgerError(
    'ledger/in-use',
    'Another repository decides about these sessions, and may have given some away; from here it cannot be asked. Nothing was changed. Run this there, and "git pull" here afterwards. Only where that repository is gone for good: say it again with --take-over.',
  );
}

function remoteDecides(now: string, wanted: string): GitLedgerError {
  return new GitLedgerError(
    'ledger/in-use',
    `The remote "${now}" decides who has a session, and not "${wanted}". Nothing was changed. Take it back first ("mic init --authority local"), bring main to "${wanted}" ("git push ${wanted}"), and then let that decide.`,
  );
}
