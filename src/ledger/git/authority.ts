import type { CheckoutNote } from '../../git/move-branch.ts';
import type { ObjectId } from '../../git/object-id.ts';
import type { ObjectReader } from '../../git/object-reader.ts';
import type { RefMove } from '../../git/refs.ts';
import type { PushHooks } from '../../git/remote.ts';
import type { Slug } from '../../session/plan/slug.ts';

/** The refs that decide, as they were at one moment. */
export interface AuthorityRefs {
  /** The commit that the main branch is at. */
  readonly main: ObjectId;
  /** The blob of each claim. */
  readonly claims: ReadonlyMap<Slug, ObjectId>;
}

export interface MoveOptions {
  /** What the logs of the refs say. */
  readonly reason: string;
  /** Whether the hooks run that usually do with a push: of the user before it, and of a hub that decides itself at its end. */
  readonly hooks: PushHooks;
}

/**
 * How a move went. `lost`: a ref was not what was expected, and nothing has changed; look again. `refused`: all were, and
 * the answer was no all the same, in git's words; by a hook it is no for good.
 */
export type MoveResult =
  | { readonly outcome: 'moved'; readonly notes: readonly LedgerNote[] }
  | { readonly outcome: 'lost' }
  | { readonly outcome: 'refused'; readonly words: string; readonly by?: 'hook' };

/** What is worth telling besides that it worked. */
export type LedgerNote =
  | ({ readonly kind: 'checkout' } & CheckoutNote)
  /** The hub's own main has commits that its remote has not, so it stays where it is until the two are brought together. */
  | { readonly kind: 'hub-diverged'; readonly remote: string };

/**
 * The one repository whose refs decide who has a session and what main is. Either the hub itself, or the remote that
 * several hubs share.
 */
export interface Authority {
  /** For people: what `git remote` calls it, or the hub's path. */
  readonly name: string;
  /**
   * Reads the refs, claims not later than main, and sees to it that the hub has the objects they point to. Throws
   * `ledger/unreachable` and `ledger/not-initialised`.
   */
  look(): Promise<AuthorityRefs>;
  /**
   * The same of main and the claims of `slugs` alone, by the git that reads objects: without starting another one. Left out
   * where that cannot be had; undefined where only `look` tells.
   */
  readonly glance?: (slugs: readonly Slug[], objects: ObjectReader) => Promise<AuthorityRefs | undefined>;
  /**
   * What the last look has found, with what was moved here since; undefined where that is older than `msMax`. Left out where
   * a look costs next to nothing.
   */
  readonly recent?: (msMax: number) => AuthorityRefs | undefined;
  /**
   * Moves all of `moves` or none, if every ref is what is expected. The hub has the objects. A connection that breaks is
   * looked into: what is answered has happened, or has not. Throws `ledger/unreachable` where that cannot be found out.
   */
  move(moves: readonly RefMove[], options: MoveOptions): Promise<MoveResult>;
  /** Brings along what follows the authority, and was left behind: the hub's own main, and checkouts of it. */
  catchUp(): Promise<readonly LedgerNote[]>;
}

/** What became of the checkouts of main. */
export function checkoutsIn(notes: readonly LedgerNote[]): readonly CheckoutNote[] {
  return notes.filter((note) => note.kind === 'checkout');
}
