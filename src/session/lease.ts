import type { Hash } from '../base/hash.ts';
import { heldElsewhere } from './lease-words.ts';
import type { ProjectLedger } from './project.ts';
import type { Lease, Session } from './session.ts';
import type { SessionId } from './session-id.ts';

/**
 * The lease of a session: one machine at a time serves a mounted session to be written.
 *
 *   nobody's ──take──▶ held ──give back──▶ free ──take──▶ held by the same (same token), or another (the next token)
 *                       │ ▲
 *         no renewal for │ │ renew
 *             a term     ▼ │
 *                     lapsed ──take, after a term of looking on──▶ held by another (the next token)
 *
 * Whether something may be recorded is decided by holder and token alone, never by a clock (`writer.ts`). Clocks only say
 * when somebody else may take the lease, and being wrong about that costs its holder a merge, and nobody a change.
 */

/** How far the clocks of two machines are believed to be apart at most, in ms. */
export const clocksApartMsMax = 10 * 60 * 1000;
/** Trees that are kept for holders that may come back: then the oldest go. */
const basesMax = 100;

/** Who wants to write. */
export interface Claim {
  /** Names what it keeps of the session, on its machine and nowhere else. */
  readonly holder: string;
  /** Its machine, for people. */
  readonly machine: string;
  /** The tree from which it keeps its files as differences. */
  readonly base: Hash;
  /** How long it is good for without being renewed, in ms. */
  readonly termMs: number;
}

/**
 * How a lease stands to `holder`: `lapsed` is another's who has not renewed it, though clocks may differ; `abandoned` has
 * not been renewed for so long that clocks don't matter.
 */
export type LeaseStanding = 'mine' | 'free' | 'held' | 'lapsed' | 'abandoned';

export function leaseStanding(lease: Lease | null, holder: string | undefined, nowMs: number): LeaseStanding {
  if (lease === null) return 'free';
  if (lease.holder === holder) return 'mine';
  const { untilMs, termMs } = lease;
  if (untilMs === null) return 'free';
  // No holder could have renewed it until then: its clock or ours is wrong, and only looking on tells whether it lives.
  if (untilMs > nowMs + termMs + clocksApartMsMax) return 'lapsed';
  if (untilMs >= nowMs) return 'held';
  return untilMs + clocksApartMsMax >= nowMs ? 'lapsed' : 'abandoned';
}

/** `session` with its lease taken by `claim`, from whoever has it; or renewed, where that is its last holder. */
function withLease(session: Session, claim: Claim, nowMs: number): Session {
  const { lease } = session;
  const { holder, machine, base, termMs } = claim;
  const isMine = lease?.holder === holder;
  const bases = new Set(lease?.bases ?? []);
  // What the last holder agreed with: from there it merges when it comes back.
  if (lease !== null && !isMine) bases.add(session.tree);
  // Its own comes last, where it is not dropped.
  bases.delete(base);
  bases.add(base);
  const taken: Lease = {
    token: isMine ? lease.token : (lease?.token ?? 0) + 1,
    holder,
    machine,
    sinceMs: isMine && lease.untilMs !== null ? lease.sinceMs : nowMs,
    untilMs: nowMs + termMs,
    termMs,
    bases: [...bases].slice(-basesMax),
  };
  return { ...session, lease: taken };
}

/** `session` with its lease given back. Token and holder stay: who takes it next has to be told apart from them. */
export function withLeaseGivenBack(session: Session): Session {
  const { lease } = session;
  return lease === null || lease.untilMs === null
    ? session
    : { ...session, lease: { ...lease, untilMs: null } };
}

/** Who has a lease, or why the one who asked has not. */
export type Confirmation =
  | { readonly outcome: 'held'; readonly lease: Lease }
  | { readonly outcome: 'lost'; readonly session: Session };

/**
 * Renews the lease of `claim`. One that is free is taken, where the session's files are those that its holder has made
 * its own from: whoever had it meanwhile has changed nothing. Otherwise it is lost, and nothing has changed. One write,
 * and one read more where others have written the session's document since.
 */
export async function confirmLease(
  project: ProjectLedger,
  id: SessionId,
  claim: Claim,
  isOurs: (tree: Hash) => boolean,
): Promise<Confirmation> {
  const session = await project.ledger.updateSession(id, (current) => {
    const standing = leaseStanding(current.lease, claim.holder, project.clock.now());
    const may = standing === 'mine' || (standing === 'free' && isOurs(current.tree));
    return may ? withLease(current, claim, project.clock.now()) : current;
  });
  return session.lease?.holder === claim.holder && session.lease.untilMs !== null
    ? { outcome: 'held', lease: session.lease }
    : { outcome: 'lost', session };
}

/**
 * `when-possible`: nobody else holds it. One that has lapsed is looked at for a whole term first, by this machine's
 * clock alone: a holder that lives renews it meanwhile. `take-over`: in any case.
 */
export const takeModes = ['when-possible', 'take-over'] as const;
export type TakeMode = (typeof takeModes)[number];

/** Takes the lease for `claim`. Throws `session/lease-held` where somebody else has it, or was faster. */
export async function takeLease(
  project: ProjectLedger,
  id: SessionId,
  claim: Claim,
  mode: TakeMode,
  sleep: (ms: number) => Promise<unknown>,
): Promise<Lease> {
  const seen = mode === 'take-over' ? undefined : await lookOn(project, id, claim, sleep);
  const session = await project.ledger.updateSession(id, (current) => {
    const { lease } = current;
    const now = project.clock.now();
    const standing = leaseStanding(lease, claim.holder, now);
    const isAsSeen = seen !== undefined && lease?.token === seen.token && lease.untilMs === seen.untilMs;
    if (mode !== 'take-over' && (standing === 'held' || standing === 'lapsed') && !isAsSeen) {
      throw heldElsewhere(current);
    }
    return withLease(current, claim, now);
  });
  return session.lease!;
}

/** Waits for a term where a lease has lapsed, and returns it as it was before; undefined where there is none such. */
async function lookOn(
  project: ProjectLedger,
  id: SessionId,
  { holder }: Claim,
  sleep: (ms: number) => Promise<unknown>,
): Promise<Lease | undefined> {
  const lease = (await project.ledger.readSession(id))?.lease ?? null;
  if (lease === null || leaseStanding(lease, holder, project.clock.now()) !== 'lapsed') return undefined;
  await sleep(lease.termMs);
  return lease;
}

/** Gives the lease of `holder` back, where it still has it. */
export async function giveLeaseBack(project: ProjectLedger, id: SessionId, holder: string): Promise<void> {
  await project.ledger.updateSession(id, (current) =>
    current.lease?.holder === holder ? withLeaseGivenBack(current) : current,
  );
}
