import { nextState } from '../../session/life-cycle.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import {
  type ClaimToken,
  type HeldClaim,
  isHeld,
  isOf,
  released,
  renewed,
  type Taking,
  taken,
} from './claim.ts';
import { refuseWhileHeld } from './claim-guard.ts';
import { ClaimLost } from './git-ledger-error.ts';
import { folderOfState } from './layout.ts';
import { claimOf, folderOf, type LedgerContext, ownClaim, subject } from './ledger-context.ts';
import type { LedgerDraft } from './ledger-draft.ts';
import { isRecorded, planHash, recordClaim } from './mend.ts';
import { type Alongside, commitMove, editsOf } from './session-moves.ts';

export interface ClaimRequest extends Alongside {
  readonly slug: Slug;
  readonly by: Agent;
  /** How long the claim is good for without being renewed, in ms; the project's setting where it is left out. */
  readonly leaseMs?: number;
  /** What the taking is called, for who wants to know it before it is decided. Never given before. */
  readonly id?: string;
  /** Said by a program that nobody waits for: once the claim has lapsed, another program may take it over. */
  readonly unattended?: true;
}

/** What the claim has from the request as it is. */
function asked({ id, unattended }: ClaimRequest): Pick<Taking, 'id' | 'unattended'> {
  return { ...(id !== undefined && { id }), ...(unattended && { unattended }) };
}

/** Decides who has a planned session, and no more. Throws `ClaimLost` where somebody else has it. */
export async function decideClaim(
  draft: LedgerDraft,
  context: LedgerContext,
  request: ClaimRequest,
): Promise<HeldClaim> {
  const { slug, by, leaseMs = context.leaseMs } = request;
  const session = await folderOf(draft, slug);
  const previous = claimOf(draft, slug);
  if (isHeld(previous)) throw new ClaimLost(slug, previous);
  nextState(await draft.stateOf(session), 'start', slug);
  const plan = await planHash(draft, context, session);
  const claim = taken(context, { slug, agent: by, leaseMs, plan, ...asked(request) }, previous);
  await draft.setClaim(slug, claim);
  return claim;
}

/** Claims a planned session, and records it. */
export async function claimSession(
  draft: LedgerDraft,
  context: LedgerContext,
  request: ClaimRequest,
): Promise<HeldClaim> {
  const claim = await decideClaim(draft, context, request);
  const session = await folderOf(draft, request.slug);
  await recordClaim(
    draft,
    context,
    claim,
    session,
    'claim',
    editsOf(context, 'active', request.slug, request),
  );
  return claim;
}

/** A claim that was decided before it was recorded, where by now it is, and nothing goes with it; otherwise undefined. */
export async function settledClaim(
  draft: LedgerDraft,
  claim: HeldClaim,
  { slug, files = [], elsewhere = [] }: ClaimRequest,
): Promise<HeldClaim | undefined> {
  const own = draft.claims.get(slug)?.claim;
  if (files.length + elsewhere.length > 0 || !isOf(own, claim)) return undefined;
  const line = (await draft.lock()).get(slug);
  return isRecorded(await draft.sessionFolder(slug), line, own) ? own : undefined;
}

/**
 * A claim that was decided before it was recorded: still there, and recorded by now. Whoever recorded it did not know what
 * goes with it, so that comes in a commit of its own. Throws `ClaimLost`.
 */
export async function confirmClaim(
  draft: LedgerDraft,
  context: LedgerContext,
  claim: HeldClaim,
  request: ClaimRequest,
): Promise<HeldClaim> {
  const { slug } = claim;
  const { folder } = await folderOf(draft, slug);
  const own = ownClaim(draft, claim);
  if (folder !== 'active') throw new ClaimLost(slug, undefined);
  const edits = editsOf(context, folder, slug, request);
  if (edits.length === 0) return own;
  // Written anew, so that the edits are made only if the claim is still this one when main moves.
  const kept = renewed(context, own);
  await draft.setClaim(slug, kept);
  await draft.commit({ by: own.agent, message: subject(slug, 'docs', 'what goes with the claim'), edits });
  return kept;
}

export interface TakeOverRequest extends ClaimRequest {
  /** `when-lapsed`: once its holder has not renewed it for its time. `now`: the caller knows that nobody works on it. */
  readonly mode: 'when-lapsed' | 'now';
}

export interface TakenOver {
  readonly claim: HeldClaim;
  /** Why that was allowed. */
  readonly because: 'unclaimed' | 'told-to' | 'not-renewed-by-its-clock' | 'not-renewed-while-watched';
}

/** Decides that an active session is the caller's now. Throws `session/claim-held`. */
export async function decideTakeOver(
  draft: LedgerDraft,
  context: LedgerContext,
  request: TakeOverRequest,
): Promise<TakenOver> {
  const { slug, by, leaseMs = context.leaseMs, mode } = request;
  const session = await folderOf(draft, slug);
  const state = await draft.stateOf(session);
  const previous = claimOf(draft, slug);
  const isUnrecorded = session.folder === 'planned' && isHeld(previous);
  // Says what to do instead, where nobody could have it.
  if (session.folder !== 'active' && !isUnrecorded) nextState(state, 'complete', slug);
  let because: TakenOver['because'] = isHeld(previous) ? 'told-to' : 'unclaimed';
  if (isHeld(previous) && mode === 'when-lapsed') {
    because = refuseWhileHeld(draft, context, previous, 'take it over');
  }
  const plan = isHeld(previous) ? previous.plan : await planHash(draft, context, session);
  const claim = taken(context, { slug, agent: by, leaseMs, plan, ...asked(request) }, previous);
  await draft.setClaim(slug, claim);
  return { claim, because };
}

export async function takeOverSession(
  draft: LedgerDraft,
  context: LedgerContext,
  request: TakeOverRequest,
): Promise<TakenOver> {
  const outcome = await decideTakeOver(draft, context, request);
  const session = await folderOf(draft, request.slug);
  const edits = editsOf(context, 'active', request.slug, request);
  await recordClaim(draft, context, outcome.claim, session, 'take over', edits);
  return outcome;
}

/** Renews a claim. Throws `ClaimLost`. */
export async function renewClaim(
  draft: LedgerDraft,
  context: LedgerContext,
  token: ClaimToken,
): Promise<HeldClaim> {
  const claim = renewed(context, ownClaim(draft, token));
  await draft.setClaim(token.slug, claim);
  return claim;
}

export interface HolderRequest extends Alongside {
  readonly token: ClaimToken;
}

/** Gives a session back to `planned/`. Throws `ClaimLost`. */
export async function releaseSession(
  draft: LedgerDraft,
  context: LedgerContext,
  request: HolderRequest,
): Promise<void> {
  const { slug } = request.token;
  const claim = ownClaim(draft, request.token);
  const session = await folderOf(draft, slug);
  const to = folderOfState(nextState(await draft.stateOf(session), 'release', slug));
  await draft.setClaim(slug, released(context, claim));
  const gone = Array.from(context.filesOfClaim(claim).keys(), (path) => ({ path, change: () => undefined }));
  await commitMove(draft, context, {
    session,
    to,
    by: claim.agent,
    message: subject(slug, 'session', `release by ${claim.agent.name}`),
    lock: 'drop',
    with: { ...request, files: [...gone, ...(request.files ?? [])] },
  });
}

/** Brings an abandoned session back to `active/`, as the caller's. */
export async function reopenSession(
  draft: LedgerDraft,
  context: LedgerContext,
  request: ClaimRequest,
): Promise<HeldClaim> {
  const { slug, by, leaseMs = context.leaseMs, id } = request;
  const session = await folderOf(draft, slug);
  nextState(await draft.stateOf(session), 'reopen', slug);
  const plan = await planHash(draft, context, session);
  const claim = taken(
    context,
    { slug, agent: by, leaseMs, plan, ...(id !== undefined && { id }) },
    claimOf(draft, slug),
  );
  await draft.setClaim(slug, claim);
  const edits = editsOf(context, 'active', slug, request);
  await recordClaim(draft, context, claim, session, 'reopen', edits);
  return claim;
}
