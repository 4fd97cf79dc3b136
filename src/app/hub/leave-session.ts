import { type RefName, readRefs } from '../../git/refs.ts';
import { type ClaimToken, type HeldClaim, isOf } from '../../ledger/git/claim.ts';
import { ClaimLost } from '../../ledger/git/git-ledger-error.ts';
import type { SessionFileEdit } from '../../ledger/git/session-moves.ts';
import { withWorklogEntry, worklogName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName } from '../../tree/path.ts';
import { keepWork, keptRefs } from '../../workspace/git/keep-work.ts';
import type { RemovedWorkspace } from '../../workspace/git/remove-git-workspace.ts';
import { type AsideFiles, asideOf } from '../../workspace/git/set-aside.ts';
import { type IgnoredChoice, surveyUnkept } from '../../workspace/git/unkept-files.ts';
import { claimSession, placeClaimed } from './claim-session.ts';
import { HubError } from './hub-error.ts';
import type { GitWorkspaceChoice, HubSessions, PlacedGitSession } from './hub-sessions.ts';
import { type LeftBehind, leftBehindText } from './left-behind.ts';
import { workspaceInPlace } from './lost-workspace.ts';
import { removeWorkspace } from './remove-workspace.ts';
import { keptWork } from './session-work.ts';
import { type SentWork, sendWork } from './travelling-work.ts';

/** Says that this machine is still at work on a session; returns until when its claim is good, in ms. Throws `ClaimLost`. */
export async function renewSession(sessions: HubSessions, slug: Slug): Promise<number> {
  const { value } = await sessions.ledger.renew(await sessions.requireHeld(slug));
  return value.renewedMs + value.leaseMs;
}

/** What became of the workspace that was to be removed, and of the work. */
export interface ReleasedSession {
  readonly removed: RemovedWorkspace | undefined;
  readonly sent: SentWork;
}

/**
 * Gives a session back to `planned/`. Its work is kept, and whoever claims it next goes on with it; where a remote decides,
 * from there. Throws `ClaimLost`, and `workspace/cannot-keep`; nothing has happened then.
 */
export async function releaseSession(
  sessions: HubSessions,
  slug: Slug,
  choice: 'keep' | 'remove',
): Promise<ReleasedSession> {
  const token = await sessions.requireHeld(slug);
  const workspace = await workspaceInPlace(sessions, slug);
  const doomed = choice === 'remove' ? workspace : undefined;
  // What cannot be kept is said before anything has happened.
  const unkept = doomed && (await surveyUnkept(doomed, 'keep'));
  // Kept before anybody else can claim it.
  if (workspace !== undefined) await keepWork(workspace, sessions.hub, 'all');
  // Given back already, by a process that was killed before it was through.
  const { state, claim } = await sessions.ledger.session(slug);
  const isGivenBack = state === 'planned';
  const sent = await sendHeld(sessions, claim, token);
  const stays = unkept?.keep.length ?? (workspace === undefined ? 0 : 'workspace');
  if (!isGivenBack)
    await sessions.ledger.release({ token, files: leftFiles(sessions, slug, { sent, unkept: stays }) });
  const removed = doomed && (await removeWorkspace(sessions, doomed));
  sessions.held.forget(slug);
  return { removed, sent };
}

/** Gives a session up. Its work is kept, and its workspace stays. Throws `session/claim-held` and `ClaimLost`. */
export async function abandonSession(sessions: HubSessions, slug: Slug, reason: string): Promise<SentWork> {
  const { agent: by } = sessions.surroundings;
  const token = sessions.tokenOf(slug);
  const workspace = await workspaceInPlace(sessions, slug);
  if (workspace !== undefined) await keepWork(workspace, sessions.hub, 'all');
  // Given up already, by a process of this machine that was killed before it was through.
  const { state, claim } = await sessions.ledger.session(slug);
  const isGivenUp = token !== undefined && state === 'abandoned';
  const sent = await sendHeld(sessions, claim, token);
  const unkept = workspace === undefined ? 0 : 'workspace';
  const files = token && leftFiles(sessions, slug, { sent, unkept });
  if (!isGivenUp)
    await sessions.ledger.abandon({ slug, by, reason, ...(token && { token }), ...(files && { files }) });
  sessions.held.forget(slug);
  return sent;
}

/** Sends what is kept of a session to the remote that decides. Of one that is not this machine's, it stays here. */
async function sendHeld(
  sessions: HubSessions,
  claim: HeldClaim | undefined,
  token: ClaimToken | undefined,
): Promise<SentWork> {
  const isHeld = token !== undefined && isOf(claim, token);
  return isHeld ? sendWork(sessions, claim) : { outcome: 'nothing' };
}

/** What the worklog gets where others go on with the session on their own machines. */
function leftFiles({ ledger, surroundings }: HubSessions, slug: Slug, left: LeftBehind): SessionFileEdit[] {
  if (ledger.decider.kind !== 'remote') return [];
  const { agent, clock } = surroundings;
  const entry = { atMs: clock.now(), author: agent.name, text: leftBehindText(left) };
  const change = (before: Buffer | undefined) =>
    Buffer.from(withWorklogEntry(before?.toString('utf8') ?? '', slug, entry));
  return [{ path: worklogName as FileName, change }];
}

/** What became of a workspace that was taken away, while the session stays as it is. */
export interface RemovedSessionWorkspace extends RemovedWorkspace {
  readonly directory: string;
  readonly sent: SentWork;
  /** Who has the session by now, where it was taken over from this machine. */
  readonly takenBy: HeldClaim | undefined;
}

/**
 * Takes a session's workspace away; the session itself stays as it is. Throws `session/no-workspace` and
 * `workspace/cannot-keep`.
 */
export async function removeSessionWorkspace(
  sessions: HubSessions,
  slug: Slug,
  ignored: IgnoredChoice,
): Promise<RemovedSessionWorkspace> {
  const { claim } = await sessions.ledger.session(slug);
  const workspace = await sessions.workspaceOf(slug);
  if (workspace === undefined) throw noWorkspace(slug);
  const removed = await removeWorkspace(sessions, workspace, ignored);
  const token = sessions.held.get(slug)?.token;
  const sent = await sendHeld(sessions, claim, token);
  const takenBy = token !== undefined && isOf(claim, token) ? undefined : claim;
  return { directory: workspace.directory, ...removed, sent, takenBy };
}

/** What to type to look at the newest that this hub keeps of a session; undefined where it keeps nothing. */
export async function lookAtKept(
  { hub, mainDirectory }: HubSessions,
  slug: Slug,
): Promise<string | undefined> {
  const { commits, uncommitted } = keptRefs(slug);
  const there = await readRefs(hub, [commits, uncommitted]);
  const newest = [uncommitted, commits].find((ref) => there.has(ref));
  return newest && `git -C "${mainDirectory}" worktree add "../${slug}" ${newest}`;
}

/** What came back of a session, and what else is kept of it. */
export interface RestoredSession extends PlacedGitSession {
  readonly earlier: readonly RefName[];
  /** Files that git does not keep and that stayed aside: the workspace has others in their places. */
  readonly aside: readonly AsideFiles[];
}

/**
 * Gives a session its workspace again, with all that was kept last; an abandoned one is taken up again. Throws `ClaimLost`
 * where somebody else has it.
 */
export async function restoreSession(
  sessions: HubSessions,
  slug: Slug,
  choice: GitWorkspaceChoice,
): Promise<RestoredSession> {
  const { state } = await sessions.ledger.session(slug);
  if (state === 'abandoned') await sessions.reopen(slug);
  else if (state === 'completed') throw completedAlready(sessions, slug);
  else if (!(await sessions.isHeld(slug))) {
    await requireNotTaken(sessions, slug);
    await claimSession(sessions, slug, 'claim');
  }
  const placed = await placeClaimed(sessions, slug, choice);
  return { ...placed, earlier: await earlierWork(sessions, slug), aside: asideOf(sessions.hub, slug) };
}

/** Throws `ClaimLost` where somebody else has a session whose workspace is gone here, and says where the work is. */
async function requireNotTaken(sessions: HubSessions, slug: Slug): Promise<void> {
  const { claim } = await sessions.ledger.session(slug);
  const look = await lookAtKept(sessions, slug);
  if (claim === undefined || look === undefined || (await sessions.workspaceOf(slug)) !== undefined) return;
  const words = `${claim.agent.name} on ${claim.machine} has it now. What is kept of it here: ${look}. If nobody works on it any more: mic session claim ${slug} --take-over`;
  throw new ClaimLost(slug, claim, words);
}

/** Refs of work that is kept of a session and is in no workspace. */
async function earlierWork(sessions: HubSessions, slug: Slug): Promise<readonly RefName[]> {
  const refs = (await keptWork(sessions.hub)).get(slug) ?? [];
  return refs.filter((ref) => ref.startsWith(keptRefs(slug).earlier));
}

export function noWorkspace(slug: Slug): HubError {
  return new HubError(
    'session/no-workspace',
    `Session ${slug} has no workspace on this machine. "mic session path ${slug}" makes one for a session that is yours.`,
  );
}

function completedAlready(sessions: HubSessions, slug: Slug): HubError {
  const [aside] = asideOf(sessions.hub, slug);
  const ignored = aside === undefined ? '' : `. What git did not keep of it: ls -A ${aside.directory}`;
  return new HubError(
    'session/no-workspace',
    `Session ${slug} is completed, and its changes are on main. To look at what it had: git worktree add ../${slug} ${keptRefs(slug).commits}${ignored}`,
  );
}
