import type { RefMove } from '../../git/refs.ts';
import type { Authority, AuthorityRefs, LedgerNote, MoveOptions, MoveResult } from './authority.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import type { RemoteAuthority } from './remote-authority.ts';

/** What was read is not what the authority has now. */
export interface Staleness {
  /** The remote that was asked. */
  readonly remote: string;
  /** As of when it is, in ms since the epoch; undefined where that is not known. */
  readonly atMs: number | undefined;
  /** Why it was not told anything newer. */
  readonly why: GitLedgerError;
}

/** A remote that decides, to be read: where it is out of reach, by what was last known of it. Moves go to it alone. */
export class RecallingAuthority implements Authority {
  readonly #remote: RemoteAuthority;
  #stale: (Staleness & { readonly refs: AuthorityRefs }) | undefined;

  constructor(remote: RemoteAuthority) {
    this.#remote = remote;
  }

  get name(): string {
    return this.#remote.name;
  }

  /** Undefined where all that was read is what the remote has. */
  get staleness(): Staleness | undefined {
    return this.#stale;
  }

  /** Who is out of reach once is not asked again: each time takes as long as the first. */
  async look(): Promise<AuthorityRefs> {
    if (this.#stale !== undefined) return this.#stale.refs;
    try {
      return await this.#remote.look();
    } catch (why) {
      if (!(why instanceof GitLedgerError) || why.code !== 'ledger/unreachable') throw why;
      const known = await this.#remote.lastKnown();
      if (known === undefined) throw why;
      this.#stale = { ...known, remote: this.name, why };
      return known.refs;
    }
  }

  recent(msMax: number): AuthorityRefs | undefined {
    return this.#stale?.refs ?? this.#remote.recent(msMax);
  }

  /** Throws `ledger/unreachable` at once where a look has found that. */
  async move(moves: readonly RefMove[], options: MoveOptions): Promise<MoveResult> {
    if (this.#stale !== undefined) throw this.#stale.why;
    return this.#remote.move(moves, options);
  }

  async catchUp(): Promise<readonly LedgerNote[]> {
    if (this.#stale !== undefined) throw this.#stale.why;
    return this.#remote.catchUp();
  }
}
