import type { Authority, AuthorityRefs, LedgerNote, MoveResult } from './authority.ts';
import type { Decider } from './decider.ts';
import { GitLedgerError } from './git-ledger-error.ts';
import type { Hub } from './hub.ts';
import { LocalAuthority } from './local-authority.ts';

/**
 * Stands for who decides where nobody can be asked: the sessions can be read as this repository knows them, and not moved.
 * Two clones that each decided for themselves would give one session to two agents.
 */
export class UnaskedAuthority implements Authority {
  readonly #local: LocalAuthority;
  readonly #decider: Extract<Decider, { kind: 'another' | 'nobody' }>;

  constructor(hub: Hub, decider: Extract<Decider, { kind: 'another' | 'nobody' }>) {
    this.#local = new LocalAuthority(hub);
    this.#decider = decider;
  }

  get name(): string {
    return this.#local.name;
  }

  look(): Promise<AuthorityRefs> {
    return this.#local.look();
  }

  async move(): Promise<MoveResult> {
    throw notDecidedHere(this.#decider);
  }

  catchUp(): Promise<readonly LedgerNote[]> {
    return this.#local.catchUp();
  }
}

/** For whoever would move sessions where they can only be read. */
export function notDecidedHere(decider: Extract<Decider, { kind: 'another' | 'nobody' }>): GitLedgerError {
  if (decider.kind === 'another') {
    return new GitLedgerError(
      'ledger/not-decided-here',
      'Another repository decides about these sessions, and this is a clone: nothing was changed. Work in that repository; or have it let a remote decide, for all clones ("mic init --authority origin" there, then "git pull" here).',
    );
  }
  const [first = 'origin', ...more] = decider.remotes;
  const others = more.length === 0 ? '' : ` (or ${more.join(', ')})`;
  return new GitLedgerError(
    'ledger/not-decided-here',
    `It is not said who decides about the sessions, and others may have them by ${[first, ...more].join(', ')}: nothing was changed. Say it once: "mic init --authority ${first}"${others} for agents on several machines, each with a clone; "mic init --authority local" for those who work in this repository alone.`,
  );
}
