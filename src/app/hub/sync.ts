import type { Clock } from '../../base/clock.ts';
import { countApart, isAncestor } from '../../git/ancestry.ts';
import type { GitError } from '../../git/git-error.ts';
import type { Git } from '../../git/git-process.ts';
import { startMaintenance } from '../../git/maintenance.ts';
import { type CheckoutNote, moveBranch } from '../../git/move-branch.ts';
import { moveRefs, type RefMove, type RefName, type RefState, readRefs } from '../../git/refs.ts';
import {
  fetchRefs,
  pushRefs,
  type Refspec,
  type Remote,
  readRemoteRefs,
  transferMsMax,
} from '../../git/remote.ts';
import { checkoutsIn } from '../../ledger/git/authority.ts';
import { catchUpCheckouts, checkoutWaitMs } from '../../ledger/git/local-authority.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import { branchStandings, pushesFor, type RefMap, type StandingRef, tagStandings } from './branch-plan.ts';
import { branchName, type MainPlan, planMain } from './bring-together.ts';
import { type Cloud, openCloud, refuseExposedCredentials, unreachable } from './cloud.ts';
import { CloudError } from './cloud-error.ts';
import {
  type DeletedBranches,
  deleteFinished,
  finishedBranches,
  sentWork,
  sessionBranches,
  sessionsOver,
  trackBranches,
} from './finished-branches.ts';

/** How often others may be faster before a sync gives up. */
const attemptsMax = 5;
/** How long the remote may take to say where its refs are, in ms. */
const listMsMax = 30_000;
const tagRefs: RefName = 'refs/tags/';

export interface SyncRequest {
  /** Any directory of the hub, or of a session of it. */
  readonly directory: string;
  /** Left out: the remote that decides for the hub, or `origin`. */
  readonly remote: string | undefined;
  /** How to bring together what has come apart. */
  readonly how: 'merge' | 'rebase';
  /** What is pushed besides main. */
  readonly besides: readonly ('sessions' | 'tags')[];
  /** `try`: nothing moves, here or there; objects are fetched. */
  readonly effect: 'move' | 'try';
}

export interface SyncSurroundings {
  readonly git: Git;
  readonly agent: Agent;
  readonly clock: Clock;
}

export interface SyncReport {
  readonly remote: string;
  /** Main without `refs/heads/`. */
  readonly main: string;
  readonly authority: Cloud['authority'];
  readonly plan: MainPlan;
  /** Commits of main that each side had and the other had not. */
  readonly apart: { readonly here: number; readonly there: number };
  /** How the session branches and tags of the hub stood, where they were asked for. */
  readonly sessions: readonly StandingRef[];
  readonly tags: readonly StandingRef[];
  /** Branches of sessions that are over, which the remote had and nobody needs there. */
  readonly finished: DeletedBranches;
  /** Tags that were fetched. */
  readonly tagsFetched: readonly RefName[];
  /** What became of checkouts of main. */
  readonly checkouts: readonly CheckoutNote[];
}

/**
 * Brings a hub and a remote together: what the remote has is fetched, main is moved to what both have, and main, session
 * branches and tags are pushed as one. First the remote moves, then the hub: where it ends early, nothing is half done, and
 * the next one goes on. Throws `hub/…` and `git/unauthorized`.
 */
export async function syncHub(surroundings: SyncSurroundings, request: SyncRequest): Promise<SyncReport> {
  const opened = await openCloud(surroundings.git, request.directory, {
    name: request.remote,
    reads: 'current',
  });
  const cloud = { ...opened, remote: { ...opened.remote, answerMsMax: transferMsMax } };
  try {
    await refuseExposedCredentials(cloud.remote);
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const report = await attemptSync(cloud, surroundings, request);
      if (report === 'lost') continue;
      if (request.effect === 'move') await startMaintenance(cloud.hub.repository);
      return report;
    }
    throw busy(cloud);
  } finally {
    await cloud.close();
  }
}

async function attemptSync(
  cloud: Cloud,
  { agent, clock }: SyncSurroundings,
  { how, besides, effect }: SyncRequest,
): Promise<SyncReport | 'lost'> {
  const { hub, remote } = cloud;
  const { repository, main } = hub;
  const wanted = [main, sessionBranches, ...(besides.includes('tags') ? [tagRefs] : [])];
  const there = await reach(remote, () => readRemoteRefs({ ...remote, answerMsMax: listMsMax }, wanted));
  const before = await readRefs(repository, wanted);
  const newTags = Array.from(there.keys()).filter((ref) => ref.startsWith(tagRefs) && !before.has(ref));
  await reach(remote, () => fetchRefs(remote, [...branchesOf(remote), ...newTags.map(added)], effect));

  const here = await readRefs(repository, wanted);
  const [ours, theirs]: RefState[] = [here.get(main) ?? 'absent', there.get(main) ?? 'absent'];
  const by = { name: agent.name, email: agent.email, ms: clock.now(), offsetMinutes: 0 };
  const plan = await planMain(cloud, { ours: ours!, theirs: theirs!, how, by });
  const both = { here, there };
  const over = besides.includes('sessions') ? await sessionsOver(cloud.ledger) : new Set<Slug>();
  const finished = new Map([
    ...(await finishedBranches(repository, there, { over, main: ours! })),
    ...(besides.includes('sessions') ? await finishedWork(cloud, ours!) : []),
  ]);
  const sessions = besides.includes('sessions')
    ? await branchStandings(repository, sessionBranches, {
        here: without(here, await finishedBranches(repository, here, { over, main: ours! })),
        there,
      })
    : [];
  const tags = besides.includes('tags') ? tagStandings(before, there) : [];
  const report = {
    ...{ remote: remote.name, main: branchName(cloud), authority: cloud.authority },
    ...{ plan, sessions, tags, tagsFetched: newTags },
    apart: await apart(cloud, ours!, theirs!),
  };
  if (effect === 'try') {
    const finishedThere = { deleted: Array.from(finished.keys()), refused: undefined };
    return { ...report, finished: finishedThere, checkouts: [] };
  }

  const ofMain = plan.kind === 'push' || plan.kind === 'merge' || plan.kind === 'rebase';
  const moves = [
    ...(ofMain ? [{ ref: main, expected: theirs!, next: plan.next }] : []),
    ...pushesFor([...sessions, ...tags], both),
  ];
  if ((await push(cloud, moves)) === 'lost') return 'lost';
  await trackBranches(remote, moves);
  // Last at the remote, and for itself: one that keeps all branches should get main all the same.
  const done = { ...report, finished: await deleteFinished(remote, finished) };
  if (!('next' in plan) || plan.next === ours) {
    return { ...done, checkouts: checkoutsIn(await catchUpCheckouts(hub)) };
  }
  const checkouts = await moveMain(cloud, { ref: main, expected: ours!, next: plan.next });
  return checkouts === 'lost' ? 'lost' : { ...done, checkouts };
}

/** What was sent of completed sessions to the remote that decides. An abandoned one may be taken up on any machine. */
async function finishedWork({ hub, remote, ledger, authority }: Cloud, main: RefState): Promise<RefMap> {
  if (authority !== 'remote') return new Map();
  const there = await reach(remote, () => readRemoteRefs({ ...remote, answerMsMax: listMsMax }, [sentWork]));
  const over = await sessionsOver(ledger, ['completed']);
  return finishedBranches(hub.repository, there, { over, main });
}

function without(refs: RefMap, others: RefMap): RefMap {
  return new Map(Array.from(refs).filter(([ref]) => !others.has(ref)));
}

/** All branches of the remote, to where git keeps them. */
function branchesOf({ name }: Remote): readonly Refspec[] {
  return [{ from: 'refs/heads/*', to: `refs/remotes/${name}/*`, mode: 'follow' }];
}

function added(ref: RefName): Refspec {
  return { from: ref, to: ref, mode: 'add' };
}

async function apart(cloud: Cloud, ours: RefState, theirs: RefState): Promise<SyncReport['apart']> {
  if (ours === 'absent' || theirs === 'absent') return { here: 0, there: 0 };
  const { ours: here, theirs: there } = await countApart(cloud.hub.repository, ours, theirs);
  return { here, there };
}

/** `lost`: the remote is not what it was; look again. */
async function push(cloud: Cloud, moves: readonly RefMove[]): Promise<'moved' | 'lost'> {
  if (moves.length === 0) return 'moved';
  const { remote } = cloud;
  const pushed = await pushRefs(remote, moves, 'run');
  if (pushed.outcome === 'moved') return 'moved';
  if (pushed.error.code === 'git/unauthorized') throw pushed.error;
  // The connection may have broken before the remote did it, or after.
  const now = await reach(remote, () =>
    readRemoteRefs(
      { ...remote, answerMsMax: listMsMax },
      moves.map(({ ref }) => ref),
    ),
  );
  if (isAt(now, moves, 'next') || (await isOnTop(cloud, now, moves))) return 'moved';
  if (!isAt(now, moves, 'expected')) return 'lost';
  throw pushed.error.code === 'git/push-refused'
    ? refused(cloud, pushed.error)
    : unreachable(remote, pushed.error);
}

function isAt(now: RefMap, moves: readonly RefMove[], end: 'expected' | 'next'): boolean {
  return moves.every((move) => (now.get(move.ref) ?? 'absent') === move[end]);
}

/** Whether main is at what was pushed, or others have built on it since: it was all or nothing, so all was pushed. */
async function isOnTop({ hub, remote }: Cloud, now: RefMap, moves: readonly RefMove[]): Promise<boolean> {
  const move = moves.find(({ ref }) => ref === hub.main);
  const id = now.get(hub.main);
  if (move === undefined || move.next === 'absent' || id === undefined || id === move.expected) return false;
  await reach(remote, () => fetchRefs(remote, branchesOf(remote), 'move'));
  return isAncestor(hub.repository, move.next, id);
}

/** Moves the hub's own main, and brings its checkouts along. */
async function moveMain(cloud: Cloud, move: RefMove): Promise<readonly CheckoutNote[] | 'lost'> {
  const { hub, remote } = cloud;
  const { repository } = hub;
  const { result, notes } = await moveBranch(await hub.checkouts(), {
    repository,
    branch: move.ref,
    expected: move.expected,
    move: () => moveRefs(repository, [move], `micelio: sync with ${remote.name}`),
    waitMs: checkoutWaitMs,
  });
  if (!('words' in result)) return result.outcome === 'moved' ? notes : 'lost';
  throw new CloudError(
    'hub/refused',
    `The remote "${remote.name}" is up to date, but the hub's own ${branchName(cloud)} could not be moved. Where a lock was left behind, remove the file that git names, and run it again. Git says: ${result.words}`,
  );
}

async function reach<T>(remote: Remote, talk: () => Promise<T>): Promise<T> {
  try {
    return await talk();
  } catch (error) {
    throw unreachable(remote, error);
  }
}

function refused(cloud: Cloud, cause: GitError): CloudError {
  const main = branchName(cloud);
  return new CloudError(
    'hub/refused',
    `The remote "${cloud.remote.name}" refused the push, and nothing has changed, here or there. Where ${main} is protected, let this hub's user push to it, or have what the hub has reviewed there: git push ${cloud.remote.name} ${main}:refs/heads/NAME. Where it wants no merges, use --rebase. Git says: ${cause.failure?.stderr ?? cause.message}`,
    { cause },
  );
}

function busy({ remote }: Cloud): CloudError {
  return new CloudError(
    'hub/busy',
    `Others were faster ${attemptsMax} times, here or at "${remote.name}". What was done is whole; run it again.`,
  );
}
