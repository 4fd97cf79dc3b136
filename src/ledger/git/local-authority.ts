import { catchUp, moveBranch } from '../../git/move-branch.ts';
import type { ObjectId } from '../../git/object-id.ts';
import type { ObjectReader } from '../../git/object-reader.ts';
import { announceToHooks, refusalOfHooks } from '../../git/receive-hooks.ts';
import { moveRefs, type RefMove, readRefs } from '../../git/refs.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Authority, AuthorityRefs, LedgerNote, MoveOptions, MoveResult } from './authority.ts';
import { authorityRefs } from './authority-refs.ts';
import type { Hub } from './hub.ts';
import { claimRef, claimRefs } from './layout.ts';

/** How long to wait for a git that is at work in a checkout of main, in ms. */
export const checkoutWaitMs = 2000;

/** The hub itself decides. */
export class LocalAuthority implements Authority {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  get name(): string {
    return this.#hub.repository.gitDirectory;
  }

  async look(): Promise<AuthorityRefs> {
    const { repository, main } = this.#hub;
    return authorityRefs(await readRefs(repository, [claimRefs, main]), main, this.name);
  }

  async glance(slugs: readonly Slug[], objects: ObjectReader): Promise<AuthorityRefs | undefined> {
    // Claims not later than main, so main comes last.
    const found = await objects.resolve([...slugs.map(claimRef), this.#hub.main]);
    const main = found.at(-1);
    if (main?.type !== 'commit') return undefined;
    const claims = new Map<Slug, ObjectId>();
    for (const [i, slug] of slugs.entries()) {
      const claim = found[i];
      if (claim === undefined) continue;
      // Something else that git takes for what is meant.
      if (claim.type !== 'blob') return undefined;
      claims.set(slug, claim.id);
    }
    return { main: main.id, claims };
  }

  /**
   * Nobody pushes to a hub that decides itself, so git runs none of its hooks that protect a branch. They are asked here, of
   * main only and where code comes to it: who forbids that should not forbid that sessions are planned. Those that are
   * told of a push are told of the same moves.
   */
  async move(moves: readonly RefMove[], { reason, hooks }: MoveOptions): Promise<MoveResult> {
    const { repository, main } = this.#hub;
    const ofMain = moves.find(({ ref }) => ref === main);
    const move = () => moveRefs(repository, moves, `micelio: ${reason}`);
    if (ofMain === undefined) return withNotes(await move());
    // Before anything is locked: they may take long.
    const words = hooks === 'run' ? await refusalOfHooks(repository, [ofMain]) : undefined;
    if (words !== undefined) return { outcome: 'refused', words, by: 'hook' };
    const { result, notes } = await moveBranch(await this.#hub.checkouts(), {
      repository,
      branch: main,
      expected: ofMain.expected,
      move,
      waitMs: checkoutWaitMs,
    });
    // Main has moved, and that counts: a hook that cannot be told of it is no reason to say that it has not.
    if (hooks === 'run' && result.outcome === 'moved')
      await announceToHooks(repository, [ofMain]).catch(() => {});
    return withNotes(
      result,
      notes.map((note) => ({ kind: 'checkout', ...note })),
    );
  }

  async catchUp(): Promise<readonly LedgerNote[]> {
    return catchUpCheckouts(this.#hub);
  }
}

/** Brings along the checkouts of a hub's main that were left behind. */
export async function catchUpCheckouts({ repository, main, checkouts }: Hub): Promise<readonly LedgerNote[]> {
  const notes = await catchUp(await checkouts(), repository, main, checkoutWaitMs);
  return notes.map((note) => ({ kind: 'checkout', ...note }));
}

function withNotes(
  result: Awaited<ReturnType<typeof moveRefs>>,
  notes: Extract<MoveResult, { outcome: 'moved' }>['notes'] = [],
): MoveResult {
  if ('words' in result) return result;
  return result.outcome === 'moved' ? { outcome: 'moved', notes } : { outcome: 'lost' };
}
