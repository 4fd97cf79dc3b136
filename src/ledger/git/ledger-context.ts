import type { Slug } from '../../session/plan/slug.ts';
import { SessionError } from '../../session/session-error.ts';
import type { FileName } from '../../tree/path.ts';
import {
  type Claim,
  type ClaimContext,
  type ClaimToken,
  type ClaimWatch,
  type HeldClaim,
  isHeld,
  isOf,
} from './claim.ts';
import type { ClaimSightings } from './claim-sightings.ts';
import { ClaimLost, GitLedgerError } from './git-ledger-error.ts';
import type { Hub } from './hub.ts';
import type { LedgerDraft, SessionFolder } from './ledger-draft.ts';

/** What the moves of sessions need besides the draft that they work on. */
export interface LedgerContext extends ClaimContext {
  readonly hub: Hub;
  /** How long a claim is good for where nobody says otherwise, in ms. */
  readonly leaseMs: number;
  readonly watch: ClaimWatch;
  readonly sightings: ClaimSightings;
  /** For how long is read what a remote was last seen to have, in ms; moves always look. */
  readonly looksGoodForMs: number;
  /** Files that a claim puts into its session's folder, such as `.session-env`. The same for the same claim. */
  readonly filesOfClaim: (claim: HeldClaim) => ReadonlyMap<FileName, Uint8Array>;
}

/** The folder of a session. Throws `session/not-found`. */
export async function folderOf(draft: LedgerDraft, slug: Slug): Promise<SessionFolder> {
  const session = await draft.sessionFolder(slug);
  if (session !== undefined) return session;
  throw new SessionError(
    'session/not-found',
    `There is no session ${slug} on the main branch. "mic session list" shows those there are.`,
  );
}

/** The claim of a session; undefined where it never had one. Throws `ledger/claim-unreadable`. */
export function claimOf(draft: LedgerDraft, slug: Slug): Claim | undefined {
  const known = draft.claims.get(slug);
  if (known === undefined || known.blob === 'absent' || known.claim !== undefined) return known?.claim;
  throw new GitLedgerError(
    'ledger/claim-unreadable',
    `refs/claims/${slug} is no claim that this version can read. Update Micelio; or, where nobody works on the session, remove it in the repository that decides: git update-ref -d refs/claims/${slug}`,
  );
}

/** The claim of a session, which must be the one that `token` is of. Throws `ClaimLost`. */
export function ownClaim(draft: LedgerDraft, token: ClaimToken): HeldClaim {
  const claim = claimOf(draft, token.slug);
  if (isOf(claim, token)) return claim;
  throw new ClaimLost(token.slug, isHeld(claim) ? claim : undefined);
}

/** The first line of a commit's message. */
export function subject(slug: Slug, type: string, what: string): string {
  return `[${slug}] ${type}: ${what.replace(/\s+/g, ' ').trim()}`;
}
