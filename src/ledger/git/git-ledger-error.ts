import { MicelioError } from '../../base/error.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { HeldClaim } from './claim.ts';

export type GitLedgerErrorCode =
  | 'session/claim-lost'
  | 'session/claim-held'
  | 'session/exists'
  | 'session/plan-frozen'
  | 'ledger/no-hub'
  | 'ledger/no-main'
  | 'ledger/not-initialised'
  | 'ledger/settings-invalid'
  | 'ledger/claim-unreadable'
  | 'ledger/refused'
  | 'ledger/in-the-way'
  | 'ledger/in-use'
  | 'ledger/not-together'
  | 'ledger/not-decided-here'
  | 'ledger/authority-changed'
  | 'ledger/unsuitable'
  | 'ledger/unreachable'
  | 'ledger/busy';

export class GitLedgerError extends MicelioError<GitLedgerErrorCode> {}

/** The session is somebody else's by now, or nobody's. Whoever thought to have it stops, and keeps the work. */
export class ClaimLost extends GitLedgerError {
  readonly slug: Slug;
  /** Who has the session; undefined where nobody has. */
  readonly holder: HeldClaim | undefined;

  /** `words` say what is the matter and what to do, where the holder does not say it. */
  constructor(slug: Slug, holder: HeldClaim | undefined, words?: string) {
    const now =
      holder === undefined
        ? 'nobody has claimed it now'
        : `${holder.agent.name} on ${holder.machine} has it since ${new Date(holder.claimedMs).toISOString()}`;
    super(
      'session/claim-lost',
      `Session ${slug} is not yours: ${words ?? `${now}. Claim another one; what you have changed is still in your workspace.`}`,
    );
    this.slug = slug;
    this.holder = holder;
  }
}
