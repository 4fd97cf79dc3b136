import { type HeldClaim, standingOf } from './claim.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import type { LedgerContext } from './ledger-context.ts';
import type { LedgerDraft } from './ledger-draft.ts';

/** Throws `session/claim-held` while a claim is good; otherwise why it is not. */
export function refuseWhileHeld(
  draft: LedgerDraft,
  { clock, watch }: LedgerContext,
  claim: HeldClaim,
  what: string,
): 'not-renewed-by-its-clock' | 'not-renewed-while-watched' {
  const { slug, agent, machine } = claim;
  const now = clock.now();
  const blob = draft.refs.claims.get(slug);
  const standing = standingOf(claim, blob === undefined ? now : watch.see(slug, blob, now), now);
  if (standing.standing === 'lapsed') return standing.because;
  const inMinutes = standing.standing === 'held' ? Math.ceil(standing.lapsesInMs / 60_000) : 0;
  throw new GitLedgerError(
    'session/claim-held',
    `${agent.name} on ${machine} has session ${slug}, and may be at work on it. If its claim is not renewed, anybody may ${what} in ${inMinutes} minutes. If you know that nobody works on it, it can be yours now: mic session claim ${slug} --take-over --now`,
  );
}
