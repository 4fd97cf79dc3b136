import { type Random, randomText } from '../../../base/random.ts';
import type { RefMove } from '../../../git/refs.ts';
import { StagedObjects } from '../../../git/staged-objects.ts';
import { GitLedgerError } from '../git-ledger-error.ts';
import { claimRefs } from '../layout.ts';
import type { LayOutPlace } from './lay-out.ts';

/**
 * Finds out whether the authority takes claims, with a ref that is nobody's: it is made, moved as a renewal does, and
 * removed. Throws `ledger/unsuitable` with what the authority says, and `ledger/unreachable`.
 */
export async function tryClaims({ hub, authority, reader }: LayOutPlace, random: Random): Promise<void> {
  const objects = new StagedObjects(hub.repository, reader.current);
  const name = randomText(random, 16);
  const ref = `${claimRefs}trial-${name}` as const;
  const first = await objects.add('blob', Buffer.from(`${name} 1\n`));
  const second = await objects.add('blob', Buffer.from(`${name} 2\n`));
  await objects.flush();
  const moves: readonly (RefMove & { readonly what: string })[] = [
    { ref, expected: 'absent', next: first, what: `does not take refs below ${claimRefs}` },
    { ref, expected: first, next: second, what: `does not let refs below ${claimRefs} be changed` },
    { ref, expected: second, next: 'absent', what: `does not let refs below ${claimRefs} be removed` },
  ];
  for (const { what, ...move } of moves) {
    const result = await authority.move([move], { reason: 'try claims', hooks: 'skip' });
    if (result.outcome === 'moved') continue;
    const words = result.outcome === 'refused' ? result.words : 'somebody else has changed the ref';
    const left = move.expected === 'absent' ? '' : ` Remove ${ref} there by hand.`;
    throw new GitLedgerError(
      'ledger/unsuitable',
      `The remote "${authority.name}" ${what}, so it cannot decide who has a session. Nothing was laid out.${left} Have it allow them, name another remote, or leave --authority out: then this repository decides, for all who work on this machine. Git says: ${words}`,
    );
  }
}
