import { hasCode } from '../../base/error.ts';
import { countApart, hasObject } from '../../git/ancestry.ts';
import { readBehind } from '../../git/behind-note.ts';
import type { Environment } from '../../git/git-environment.ts';
import type { Git } from '../../git/git-process.ts';
import { type RefName, readRefs } from '../../git/refs.ts';
import { canPush, type Remote, readRemoteRefs } from '../../git/remote.ts';
import { exposedCredentials } from '../../git/remote-url.ts';
import type { Decider } from '../../ledger/git/decider.ts';
import type { Staleness } from '../../ledger/git/recalling-authority.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { branchStandings, type RefMap, type StandingRef } from './branch-plan.ts';
import { branchName } from './bring-together.ts';
import { type Cloud, openCloud } from './cloud.ts';
import { finishedBranches, sessionBranches, sessionsOver } from './finished-branches.ts';

/** How long a remote may take to say where its refs are, in ms. */
const answerMsMax = 10_000;

/**
 * What came of asking the remote. `push` is whether it would let this user push, as far as it says; `unknown` where the
 * hub has nothing that could be pushed.
 */
export type RemoteAccess =
  | { readonly state: 'reached'; readonly push: 'allowed' | 'denied' | 'unknown' }
  | { readonly state: 'unauthorized' | 'unreachable'; readonly words: string };

export interface HubStatus {
  /** The git directory of the hub. */
  readonly hub: string;
  /** Main without `refs/heads/`. */
  readonly main: string;
  readonly remote: string;
  /** Who decides; undefined where there are no sessions. */
  readonly decider: Decider | undefined;
  readonly access: RemoteAccess;
  /** Settings of the repository that have credentials in them, which they should not. */
  readonly exposed: readonly string[];
  /**
   * Commits of main that the hub has and the remote has not, and the other way round; undefined where one has no main.
   * `as-fetched`: the remote has moved on since it was last fetched, or did not answer.
   */
  readonly apart:
    | { readonly ahead: number; readonly behind: number; readonly as: 'now' | 'as-fetched' }
    | undefined;
  /** Session branches of the hub, and how they stand to the remote's; not those that nobody needs any more. */
  readonly sessions: readonly StandingRef[];
  /** Checkouts of main that have not followed it, and from which commit on they will. */
  readonly leftBehind: readonly { readonly directory: string; readonly at: string }[];
  /** Sessions whose claims have lapsed, and who had them; undefined where who decides cannot be asked. */
  readonly lapsed: readonly { readonly slug: Slug; readonly agent: string }[] | undefined;
  /** How far what is known of the sessions is behind, where who decides is out of reach. */
  readonly staleness: Staleness | undefined;
}

/** How a hub and its remote stand. Moves nothing, and asks nobody for credentials. */
export async function hubStatus(git: Git, directory: string, name: string | undefined): Promise<HubStatus> {
  const cloud = await openCloud(git, directory, { name, reads: 'or last known' });
  try {
    const { hub, ledger } = cloud;
    const { repository, main } = hub;
    const remote = { ...cloud.remote, answerMsMax, environment: silent };
    const tracking: RefName = `refs/remotes/${remote.name}/`;
    const here = await readRefs(repository, [main, sessionBranches]);
    const asked = await ask(remote, main, here.has(main));
    const fetched = asFetched(await readRefs(repository, [tracking]), tracking);
    const there = asked.refs ?? fetched;
    const over = await sessionsOver(ledger);
    const finished = await finishedBranches(repository, here, { over, main: here.get(main) ?? 'absent' });
    const working = new Map(Array.from(here).filter(([ref]) => !finished.has(ref)));
    return {
      hub: repository.gitDirectory,
      main: branchName(cloud),
      remote: remote.name,
      decider: ledger?.decider,
      access: asked.access,
      exposed: await exposedCredentials(remote),
      apart: await apart(cloud, here, { now: asked.refs, fetched }),
      sessions: await branchStandings(repository, sessionBranches, { here: working, there }),
      leftBehind: await leftBehind(cloud),
      lapsed: await lapsedClaims(cloud),
      staleness: ledger?.staleness,
    };
  } finally {
    await cloud.close();
  }
}

/** What keeps git and credential helpers from asking in a window. A program in GIT_ASKPASS is the user's own answer. */
const silent: Environment = { SSH_ASKPASS: '', GCM_INTERACTIVE: 'never' };

async function ask(
  remote: Remote,
  main: RefName,
  hasMain: boolean,
): Promise<{ readonly access: RemoteAccess; readonly refs?: RefMap }> {
  try {
    const refs = await readRemoteRefs(remote, [main, sessionBranches]);
    const push = !hasMain ? 'unknown' : (await canPush(remote, main)) ? 'allowed' : 'denied';
    return { access: { state: 'reached', push }, refs };
  } catch (error) {
    if (hasCode(error, 'git/unauthorized'))
      return { access: { state: 'unauthorized', words: error.message } };
    const isGone = hasCode(error, 'git/unreachable') || hasCode(error, 'git/failed');
    if (isGone) return { access: { state: 'unreachable', words: error.message } };
    throw error;
  }
}

/** The remote's branches, by their names there, as they were fetched last. */
function asFetched(refs: RefMap, tracking: RefName): RefMap {
  return new Map(Array.from(refs, ([ref, id]) => [`refs/heads/${ref.slice(tracking.length)}` as const, id]));
}

async function apart(
  { hub }: Cloud,
  here: RefMap,
  { now, fetched }: { readonly now: RefMap | undefined; readonly fetched: RefMap },
): Promise<HubStatus['apart']> {
  const { repository, main } = hub;
  const ours = here.get(main);
  const current = now?.get(main);
  const isHere = current !== undefined && (await hasObject(repository, current));
  const theirs = isHere ? current : fetched.get(main);
  if (ours === undefined || theirs === undefined || (now !== undefined && !now.has(main))) return undefined;
  const counts = await countApart(repository, ours, theirs);
  return { ahead: counts.ours, behind: counts.theirs, as: isHere ? 'now' : 'as-fetched' };
}

async function leftBehind({ hub }: Cloud): Promise<HubStatus['leftBehind']> {
  const found: { directory: string; at: string }[] = [];
  for (const checkout of await hub.checkouts()) {
    const behind = await readBehind(checkout);
    if (behind !== undefined) found.push({ directory: checkout.directory, at: behind.at });
  }
  return found;
}

async function lapsedClaims({ ledger }: Cloud): Promise<HubStatus['lapsed']> {
  try {
    const sessions = (await ledger?.list()) ?? [];
    if (ledger?.staleness !== undefined) return undefined;
    return sessions.flatMap(({ slug, claim, standing }) =>
      standing.standing === 'lapsed' && claim !== undefined ? [{ slug, agent: claim.agent.name }] : [],
    );
  } catch (error) {
    // There are no sessions here.
    if (hasCode(error, 'ledger/not-initialised')) return [];
    throw error;
  }
}
