import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { isAbsent } from '../../base/system-error.ts';
import { GitError } from '../../git/git-error.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { moveRefs, type RefMove, type RefName, readRefs } from '../../git/refs.ts';
import { fetchObjects, pushRefs, type Remote, readRemoteRefs, transferMsMax } from '../../git/remote.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import type { HeldClaim } from '../../ledger/git/claim.ts';
import { GitLedgerError } from '../../ledger/git/git-ledger-error.ts';
import { worklogName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { keptRefs } from '../../workspace/git/keep-work.ts';
import { replaceFile } from '../../workspace/replace-file.ts';
import { workspaceErrorFrom } from '../../workspace/workspace-error.ts';
import type { RefMap } from './branch-plan.ts';
import type { HubSessions } from './hub-sessions.ts';
import { leftBehindIn } from './left-behind.ts';

/**
 * Where a remote decides who has a session, what is kept of it goes there when somebody leaves it, below the same
 * `refs/sessions/<slug>/` as in a hub, and comes to the hub of whoever has it next.
 */

/** How often others may change what is kept of one session at the same moment. */
const attemptsMax = 5;
/** For the logs of refs. */
const broughtReason = 'mic: bring work';

/** What became of the work that this hub keeps of a session, for those who go on with it elsewhere. */
export type SentWork =
  /** This hub decides itself, or keeps nothing of it. */
  | { readonly outcome: 'nothing' }
  | { readonly outcome: 'sent'; readonly remote: string }
  /** The remote did not take it, for the reason that git gives. */
  | { readonly outcome: 'stays'; readonly remote: string; readonly words: string };

/** The remote that decides for the hub. */
function decidingRemote({ hub, ledger }: HubSessions): Remote | undefined {
  const { decider } = ledger;
  if (decider.kind !== 'remote') return undefined;
  return { repository: hub, name: decider.name, answerMsMax: transferMsMax };
}

/**
 * Brings what the hub keeps of a session to the remote that decides. For whoever has the session, once its work is kept.
 * What somebody else has put there is not overwritten: it gets a number, here and there. A remote that does not take it is
 * no error: the work is safe here, and the caller tells where it is.
 */
export async function sendWork(sessions: HubSessions, { slug, fencing }: HeldClaim): Promise<SentWork> {
  const remote = decidingRemote(sessions);
  if (remote === undefined) return { outcome: 'nothing' };
  const { hub } = sessions;
  // Before anything can go wrong: whatever the remote says, this hub has the newest.
  writeRecord(hub, slug, { ...readRecord(hub, slug), left: fencing });
  if ((await keptHere(hub, slug)).size === 0) return { outcome: 'nothing' };
  let words = '';
  try {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const there = await keptThere(remote, slug);
      const record = readRecord(hub, slug);
      if (!isSame(there, record.refs)) await addToHere(remote, slug, there);
      const here = await keptHere(hub, slug);
      if (!isSame(here, there)) {
        const pushed = await pushRefs(remote, movesBetween(there, here), 'run');
        if (pushed.outcome === 'failed' && !isSame(here, await keptThere(remote, slug))) {
          words = wordsOf(pushed.error);
          continue;
        }
      }
      writeRecord(hub, slug, { ...record, refs: here });
      return { outcome: 'sent', remote: remote.name };
    }
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    words = wordsOf(error);
  }
  return { outcome: 'stays', remote: remote.name, words };
}

/** What has come of a session from other machines. */
export interface ArrivedWork {
  /** The refs of the hub that have moved. */
  readonly refs: readonly RefName[];
  /** What the worklog says that is only on the machine that had it last. */
  readonly leftBehind: string | undefined;
}

const nothingArrived: ArrivedWork = { refs: [], leftBehind: undefined };

/**
 * Brings what the remote that decides has of a session to the hub, for whoever has just got it; once for each claim. What
 * the hub has kept itself, and those who had the session since have not seen, gets a number. Throws `ledger/unreachable`.
 */
export async function bringWork(sessions: HubSessions, claim: HeldClaim): Promise<ArrivedWork> {
  const remote = decidingRemote(sessions);
  const { slug, id, fencing } = claim;
  // Nobody had it before, so there is nothing.
  if (remote === undefined || fencing === 1) return nothingArrived;
  const { hub } = sessions;
  const record = readRecord(hub, slug);
  // Brought already, or nobody else had it since it was left here.
  const isNewest = record.left === fencing || record.left === fencing - 1;
  if (record.claim === id || isNewest) return nothingArrived;
  try {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const there = await keptThere(remote, slug);
      const here = await keptHere(hub, slug);
      const next = await whatToKeep(remote, { slug, here, there, known: record.refs });
      const moves = movesBetween(here, next);
      if (moves.length > 0 && (await moveRefs(hub, moves, broughtReason)).outcome !== 'moved') continue;
      const leftBehind = leftBehindIn(await sessions.text(slug, worklogName));
      writeRecord(hub, slug, { claim: id, left: null, refs: there });
      return { refs: moves.map(({ ref }) => ref), leftBehind };
    }
  } catch (error) {
    throw error instanceof GitError ? notBrought(remote, slug, wordsOf(error), error) : error;
  }
  throw notBrought(remote, slug, 'what is kept of it changes all the time');
}

/** What a remote has of a session that was to be deleted there. */
export interface UndeletedWork {
  /** Refs with what this hub did not have. */
  readonly left: readonly RefName[];
  /** Why nothing was deleted there, in git's words. */
  readonly words: string | undefined;
}

/** Deletes at the remote that decides what is in `kept` of a session, and this hub's note of it; the rest there stays. */
export async function deleteSentWork(
  sessions: HubSessions,
  slug: Slug,
  kept: ReadonlySet<ObjectId>,
): Promise<UndeletedWork> {
  forgetRecord(sessions.hub, slug);
  const remote = decidingRemote(sessions);
  if (remote === undefined) return { left: [], words: undefined };
  try {
    const there = await keptThere(remote, slug);
    const [ours, left] = [[...there].filter(([, id]) => kept.has(id)), [...there.keys()]];
    const moves = ours.map(([ref, expected]): RefMove => ({ ref, expected, next: 'absent' }));
    const pushed = moves.length === 0 ? undefined : await pushRefs(remote, moves, 'skip');
    if (pushed?.outcome === 'failed') return { left, words: wordsOf(pushed.error) };
    const gone = new Set(moves.map(({ ref }) => ref));
    return { left: left.filter((ref) => !gone.has(ref)), words: undefined };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return { left: [], words: wordsOf(error) };
  }
}

/** Whether all that the hub keeps of a session as its newest commit was at the remote, for those who went on with it. */
export function wasSent(hub: Repository, slug: Slug, commit: ObjectId): boolean {
  return readRecord(hub, slug).refs.get(keptRefs(slug).commits) === commit;
}

interface Sides {
  readonly slug: Slug;
  readonly here: RefMap;
  readonly there: RefMap;
}

/** What the hub is to keep for whoever goes on with the session here. */
async function whatToKeep(
  remote: Remote,
  { slug, here, there, known }: Sides & { readonly known: RefMap },
): Promise<RefMap> {
  const { repository } = remote;
  if (there.size === 0 || isSame(here, there) || (here.size > 0 && isSame(there, known))) return here;
  await fetchUnknown(remote, { slug, here, there });
  // Whoever had it since has seen all that this hub has, and has done with it what they did.
  if (isSame(here, known)) return there;
  if ((await notBehind(repository, there, here)).length === 0) return here;
  return numbered(slug, there, await notBehind(repository, here, there));
}

/** Gives what only the remote has a number in the hub. */
async function addToHere(remote: Remote, slug: Slug, there: RefMap): Promise<void> {
  const { repository } = remote;
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const here = await keptHere(repository, slug);
    await fetchUnknown(remote, { slug, here, there });
    const moves = movesBetween(here, numbered(slug, here, await notBehind(repository, there, here)));
    if (moves.length === 0 || (await moveRefs(repository, moves, broughtReason)).outcome === 'moved') return;
  }
  throw new GitError(
    'git/failed',
    `What is kept of ${slug} in ${repository.gitDirectory} changes all the time.`,
  );
}

async function fetchUnknown(remote: Remote, { here, there }: Sides): Promise<void> {
  const ids = new Set(here.values());
  const refs = [...there].filter(([, id]) => !ids.has(id)).map(([ref]) => ref);
  if (refs.length > 0) await fetchObjects(remote, refs);
}

/** The commits of `refs` that are not behind any of `others`. */
async function notBehind(repository: Repository, refs: RefMap, others: RefMap): Promise<readonly ObjectId[]> {
  const found: ObjectId[] = [];
  for (const id of new Set(refs.values())) {
    const args = ['rev-list', '--max-count=1', id, '--not', ...others.values(), '--'];
    if ((await repository.git.run(gitArguments(repository, args))).length > 0) found.push(id);
  }
  return found;
}

/** `refs`, and `more` below the next numbers. */
function numbered(slug: Slug, refs: RefMap, more: readonly ObjectId[]): RefMap {
  const { earlier } = keptRefs(slug);
  const numbers = [...refs.keys()].map((ref) => (ref.startsWith(earlier) ? +ref.slice(earlier.length) : 0));
  const last = Math.max(0, ...numbers.filter(Number.isSafeInteger));
  return new Map([
    ...refs,
    ...more.map((id, index) => [`${earlier}${last + 1 + index}` as RefName, id] as const),
  ]);
}

async function keptHere(hub: Repository, slug: Slug): Promise<RefMap> {
  return onlyKept(slug, await readRefs(hub, [`refs/sessions/${slug}`]));
}

async function keptThere(remote: Remote, slug: Slug): Promise<RefMap> {
  return onlyKept(slug, await readRemoteRefs(remote, [`refs/sessions/${slug}/`]));
}

/** Without what a process is just about to keep. */
function onlyKept(slug: Slug, refs: RefMap): RefMap {
  const { commits, uncommitted, earlier } = keptRefs(slug);
  const isKept = (ref: RefName) => ref === commits || ref === uncommitted || ref.startsWith(earlier);
  return new Map([...refs].filter(([ref]) => isKept(ref)));
}

function isSame(one: RefMap, other: RefMap): boolean {
  return one.size === other.size && [...one].every(([ref, id]) => other.get(ref) === id);
}

function movesBetween(from: RefMap, to: RefMap): RefMove[] {
  return [...new Set([...from.keys(), ...to.keys()])]
    .map((ref): RefMove => ({ ref, expected: from.get(ref) ?? 'absent', next: to.get(ref) ?? 'absent' }))
    .filter(({ expected, next }) => expected !== next);
}

function wordsOf(error: GitError): string {
  return error.failure?.stderr ?? error.message;
}

function notBrought({ name }: Remote, slug: Slug, why: string, cause?: unknown): GitLedgerError {
  return new GitLedgerError(
    'ledger/unreachable',
    `What is kept of ${slug} at the remote "${name}" could not be fetched, and a workspace without it would not have the work. Git says: ${why}`,
    { cause },
  );
}

const recordSchema = v.object({
  version: v.literal(1),
  /** The claim that the work was brought here for. */
  claim: v.nullable(v.string()),
  /** The fencing number of the claim under which this hub has last sent work. */
  left: v.nullable(v.number()),
  /** What was kept of the session at the remote when this hub last sent or fetched it. */
  refs: v.record(v.string(), v.string()),
});

interface TravelRecord {
  readonly claim: string | null;
  readonly left: number | null;
  readonly refs: RefMap;
}

/** Where a hub notes what of a session it has sent and fetched last, absolute. */
function travelRecordFile(hub: Repository, slug: Slug): string {
  return join(hub.gitDirectory, 'micelio', 'travelling', `${slug}.json`);
}

function readRecord(hub: Repository, slug: Slug): TravelRecord {
  const path = travelRecordFile(hub, slug);
  try {
    const { claim, left, refs } = v.parse(recordSchema, JSON.parse(readFileSync(path, 'utf8')));
    return { claim, left, refs: new Map(Object.entries(refs) as [RefName, ObjectId][]) };
  } catch (error) {
    // Without it, all that is not behind the other side's work gets a number.
    if (isAbsent(error) || error instanceof v.ValiError || error instanceof SyntaxError)
      return { claim: null, left: null, refs: new Map() };
    throw workspaceErrorFrom(error, `read "${path}"`);
  }
}

function writeRecord(hub: Repository, slug: Slug, { claim, left, refs }: TravelRecord): void {
  const text = JSON.stringify({ version: 1, claim, left, refs: Object.fromEntries(refs) });
  replaceFile(travelRecordFile(hub, slug), `${text}\n`);
}

function forgetRecord(hub: Repository, slug: Slug): void {
  const path = travelRecordFile(hub, slug);
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw workspaceErrorFrom(error, `delete "${path}"`);
  }
}
