import type { AuthorityRefs } from './authority.ts';
import { type Claim, type ClaimStanding, type HeldClaim, isHeld, standingOf } from './claim.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import type { LedgerContext } from './ledger-context.ts';
import type { LedgerDraft } from './ledger-draft.ts';

/** Which claims this machine notes, so that its next command knows since when they have not been renewed. */
export type WhatToNote = 'each' | 'not renewed in time' | 'nothing';

/** How a claim of `refs` stands at `nowMs` for this machine. */
export function standingHere(
  { claims }: AuthorityRefs,
  { watch, sightings }: Pick<LedgerContext, 'watch' | 'sightings'>,
  claim: Claim | undefined,
  { nowMs, note }: { readonly nowMs: number; readonly note: WhatToNote },
): ClaimStanding {
  const blob = claim && claims.get(claim.slug);
  if (!isHeld(claim) || blob === undefined) return standingOf(claim, nowMs, nowMs);
  const seenMs = watch.see(claim.slug, blob, nowMs);
  const isOverdue = claim.renewedMs + claim.leaseMs < nowMs;
  const isNoted = note === 'each' || (note === 'not renewed in time' && isOverdue);
  return standingOf(claim, isNoted ? sightings.note(claim.slug, blob, seenMs) : seenMs, nowMs);
}

/** Throws `session/claim-held` while a claim is good; otherwise why it is not. */
export function refuseWhileHeld(
  draft: LedgerDraft,
  context: LedgerContext,
  claim: HeldClaim,
  what: string,
): 'not-renewed-by-its-clock' | 'not-renewed-while-watched' {
  const { slug, agent, machine } = claim;
  const nowMs = context.clock.now();
  const standing = standingHere(draft.refs, context, claim, { nowMs, note: 'each' });
  if (standing.standing === 'lapsed') return standing.because;
  const { goodForMs, lapsesInMs } = standing.standing === 'held' ? standing : { goodForMs: 0, lapsesInMs: 0 };
  const state = goodForMs > 0 ? `is good for ${minutes(goodForMs)} more` : 'was not renewed in time';
  throw new GitLedgerError(
    'session/claim-held',
    `${agent.name} on ${machine} has session ${slug}, and may be at work on it: the claim ${state}. If it is not renewed meanwhile, you can ${what} in ${minutes(lapsesInMs)}, on this machine, which has noted how the claim is now. If you know that nobody works on it, it can be yours at once: mic session claim ${slug} --take-over --now`,
  );
}

function minutes(ms: number): string {
  const count = Math.max(1, Math.ceil(ms / 60_000));
  return `${count} minute${count === 1 ? '' : 's'}`;
}
