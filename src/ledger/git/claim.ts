import * as v from 'valibot';
import type { Clock } from '../../base/clock.ts';
import type { Hash } from '../../base/hash.ts';
import { type Random, randomText } from '../../base/random.ts';
import { signatureLine } from '../../git/commit-object.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { clocksApartMsMax } from '../../session/lease.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { type Agent, agentSchema } from '../../session/session.ts';

/**
 * The claim of a session: the blob that `refs/claims/<slug>` points to (`docs/formats/git-ledger.md`).
 *
 *   no ref ──take──▶ held (1) ──release──▶ free (1) ──take──▶ held (2) ──complete──▶ no ref
 *                     │ ▲  │
 *               renew └─┘  └──take over, once it has lapsed──▶ held (2)
 *
 * Each arrow is a compare-and-swap of the ref. The number, the fencing number, grows with each taking, and a landing
 * expects the very taking that it belongs to. So clocks only say when a session may be taken over, and being wrong about
 * that costs somebody their claim, and nobody a change.
 */

const milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0));

const claimSchema = v.object({
  format: v.literal('micelio/claim'),
  version: v.literal(1),
  slug: v.custom<Slug>((value) => typeof value === 'string' && isSlug(value)),
  /** Tells this taking from every other, whatever became of the ref in between. */
  id: v.string(),
  fencing: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Null: nobody has the session. */
  agent: v.nullable(agentSchema),
  machine: v.string(),
  claimedMs: milliseconds,
  renewedMs: milliseconds,
  /** How long it is good for without being renewed. */
  leaseMs: milliseconds,
  /** The SHA-256 of SESSION.md when the session was claimed; null where it had none. */
  plan: v.nullable(v.custom<Hash>((value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value))),
  /** A program took it, and no person waits for it: once it has lapsed, another program may take it over. */
  unattended: v.optional(v.literal(true)),
  /** Makes every blob another one, so that whoever moved the ref knows it. */
  nonce: v.string(),
});
export type Claim = Readonly<v.InferOutput<typeof claimSchema>>;
export type HeldClaim = Claim & { readonly agent: Agent };

/** What a holder keeps of its claim, to prove that it is the one who has it. */
export type ClaimToken = Pick<Claim, 'slug' | 'id'>;

/** In bytes. */
export const claimBytesMax = 64 * 1024;
const idLength = 16;

export interface ClaimContext {
  readonly clock: Clock;
  readonly random: Random;
  /** This machine's name, for people. */
  readonly machine: string;
}

/** A claim as it is stored: one line of JSON. */
export function encodeClaim(claim: Claim): Buffer {
  const { format, version, slug, id, fencing, agent, machine, claimedMs, renewedMs, leaseMs, plan, nonce } =
    claim;
  const person = agent && { name: agent.name, email: agent.email };
  const head = { format, version, slug, id, fencing, agent: person, machine };
  const unattended = claim.unattended && { unattended: claim.unattended };
  return Buffer.from(
    `${JSON.stringify({ ...head, claimedMs, renewedMs, leaseMs, plan, ...unattended, nonce })}\n`,
  );
}

/** Undefined for what is no claim of `slug`, or one of another version. */
export function parseClaim(slug: Slug, bytes: Buffer): Claim | undefined {
  try {
    const claim = v.parse(claimSchema, JSON.parse(bytes.toString('utf8')));
    return claim.slug === slug ? claim : undefined;
  } catch {
    // Whoever needs it says that it cannot be read.
    return undefined;
  }
}

export function isHeld(claim: Claim | undefined): claim is HeldClaim {
  return claim !== undefined && claim.agent !== null;
}

/** Whether `claim` is the taking that `token` is of. */
export function isOf(claim: Claim | undefined, token: ClaimToken): claim is HeldClaim {
  return isHeld(claim) && claim.slug === token.slug && claim.id === token.id;
}

export interface Taking {
  readonly slug: Slug;
  readonly agent: Agent;
  readonly leaseMs: number;
  readonly plan: Hash | null;
  /** Never given before; made where it is left out. */
  readonly id?: string;
  readonly unattended?: true;
}

/** A name for a taking, never given before. */
export function newClaimId(random: Random): string {
  return randomText(random, idLength);
}

/** The claim of somebody who takes a session after `previous`. Throws `git/signature-invalid`: they could not commit. */
export function taken(context: ClaimContext, taking: Taking, previous: Claim | undefined): HeldClaim {
  const now = context.clock.now();
  signatureLine({ ...taking.agent, ms: now, offsetMinutes: 0 });
  return {
    format: 'micelio/claim',
    version: 1,
    ...taking,
    agent: { name: taking.agent.name, email: taking.agent.email },
    id: taking.id ?? newClaimId(context.random),
    fencing: (previous?.fencing ?? 0) + 1,
    machine: context.machine,
    claimedMs: now,
    renewedMs: now,
    nonce: randomText(context.random, idLength),
  };
}

/** The same taking, renewed now. Its own earlier renewals are never taken back, whatever the clock did. */
export function renewed(context: ClaimContext, claim: HeldClaim, leaseMs = claim.leaseMs): HeldClaim {
  const renewedMs = Math.max(claim.renewedMs, context.clock.now());
  return { ...rewritten(context, claim), renewedMs, leaseMs };
}

/** The same claim as another blob. */
export function rewritten<Kind extends Claim>(context: ClaimContext, claim: Kind): Kind {
  return { ...claim, nonce: randomText(context.random, idLength) };
}

/** The same taking, which waits for a person from now on. */
export function attended<Kind extends Claim>(context: ClaimContext, claim: Kind): Omit<Kind, 'unattended'> {
  const { unattended: _, ...rest } = rewritten(context, claim);
  return rest;
}

/** What is left of a claim that was given back: its fencing number. */
export function released(context: ClaimContext, claim: Claim): Claim {
  return { ...attended(context, claim), agent: null, plan: null };
}

/** How a claim stands: `lapsed` may be taken over, and why. */
export type ClaimStanding =
  | { readonly standing: 'free' }
  | {
      readonly standing: 'held';
      /** For how long by its holder's clock; negative where it was not renewed in time. */
      readonly goodForMs: number;
      /** When whoever has seen it all the while may take it over, if it is not renewed. */
      readonly lapsesInMs: number;
    }
  | {
      readonly standing: 'lapsed';
      readonly because: 'not-renewed-by-its-clock' | 'not-renewed-while-watched';
    };

/** Remembers since when it has seen the blob of each claim, by this machine's clock alone. */
export class ClaimWatch {
  readonly #seen = new Map<Slug, { readonly blob: ObjectId; readonly sinceMs: number }>();

  /** Notes that `blob` is the claim of `slug` at `nowMs`; returns since when it is. */
  see(slug: Slug, blob: ObjectId, nowMs: number): number {
    const seen = this.#seen.get(slug);
    if (seen?.blob === blob && seen.sinceMs <= nowMs) return seen.sinceMs;
    this.#seen.set(slug, { blob, sinceMs: nowMs });
    return nowMs;
  }
}

/** How `claim` stands at `nowMs` for somebody who has seen this very blob since `seenMs`. */
export function standingOf(claim: Claim | undefined, seenMs: number, nowMs: number): ClaimStanding {
  if (!isHeld(claim)) return { standing: 'free' };
  const { renewedMs, leaseMs } = claim;
  const watchedInMs = seenMs + leaseMs - nowMs;
  const byClockInMs = renewedMs + leaseMs + clocksApartMsMax - nowMs;
  if (watchedInMs < 0) return { standing: 'lapsed', because: 'not-renewed-while-watched' };
  if (byClockInMs < 0) return { standing: 'lapsed', because: 'not-renewed-by-its-clock' };
  const goodForMs = renewedMs + leaseMs - nowMs;
  return { standing: 'held', goodForMs, lapsesInMs: Math.min(watchedInMs, byClockInMs) };
}
