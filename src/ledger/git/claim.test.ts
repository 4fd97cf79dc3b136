import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Hash } from '../../base/hash.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import {
  type Claim,
  type ClaimContext,
  ClaimWatch,
  encodeClaim,
  type HeldClaim,
  isOf,
  parseClaim,
  released,
  renewed,
  standingOf,
  taken,
} from './claim.ts';
import { agentAda } from './fixtures.ts';
import { parseLockFile, withLockLine } from './lock-file.ts';

const slug = parseSlug('2025-10-14-auth-system');

test('a claim is the blob of docs/formats/git-ledger.md', () => {
  const page = readFileSync(new URL('../../../docs/formats/git-ledger.md', import.meta.url), 'utf8');
  const [, vector] = /```json\n(\{"format":"micelio\/claim"[^`]*)```/.exec(page) ?? [];
  const claim: Claim = {
    format: 'micelio/claim',
    version: 1,
    slug,
    id: 'h4x0q2m7k9v3t8b5',
    fencing: 2,
    agent: { name: 'Ada', email: 'ada@example.org' },
    machine: 'workshop',
    claimedMs: 1_760_434_200_000,
    renewedMs: 1_760_434_800_000,
    leaseMs: 1_800_000,
    plan: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c' as Hash,
    unattended: true,
    nonce: 'z1c6w3r8n5y0d7f2',
  };
  assert.equal(encodeClaim(claim).toString(), vector);
  assert.deepEqual(parseClaim(slug, Buffer.from(vector!)), claim);
  const { unattended: _, ...attended } = claim;
  assert.equal(encodeClaim(attended).toString(), vector!.replace('"unattended":true,', ''));
  assert.equal(parseClaim(parseSlug('2025-10-14-other'), Buffer.from(vector!)), undefined);
  assert.equal(parseClaim(slug, Buffer.from(vector!.replace('"version":1', '"version":2'))), undefined);
});

describe('sessions.lock', () => {
  test('has a line for each claim, and keeps what else people write', () => {
    const other = parseSlug('2025-10-14-other');
    const text = `# notes\n${slug}:5\nnonsense:1\n${slug}:7\n${other}:9`;
    assert.deepEqual(
      parseLockFile(text),
      new Map([
        [slug, 5],
        [other, 9],
      ]),
    );
    assert.equal(withLockLine(text, slug, undefined), `# notes\nnonsense:1\n${other}:9\n`);
    assert.equal(withLockLine(text, slug, 8), `# notes\nnonsense:1\n${other}:9\n${slug}:8\n`);
    assert.equal(withLockLine('', slug, 1), `${slug}:1\n`);
    assert.equal(withLockLine(`${slug}:1\n`, slug, 1), `${slug}:1\n`);
  });
});

/** An agent with a clock of its own, which may be wrong by days and run backwards. */
interface Actor {
  readonly context: ClaimContext & { skewMs: number };
  readonly watch: ClaimWatch;
  token: HeldClaim | undefined;
  /** What it last read of the ref. */
  seen: { claim: Claim | undefined; blob: number };
}

const minute = 60_000;

describe('claims, whatever the clocks say', () => {
  test('one holder at most can land, and the fencing numbers grow', () => {
    const step = fc.record({
      actor: fc.nat(3),
      what: fc.constantFrom('look', 'take', 'renew', 'take over', 'release', 'land'),
      passMs: fc.nat(40 * minute),
      skewMs: fc.oneof(fc.constant(undefined), fc.integer({ min: -1e9, max: 1e9 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        let now = 2_000_000_000_000;
        let count = 0;
        const random = { bytes: (length: number) => Buffer.alloc(length, 0).fill(count++ % 256) };
        const actors: Actor[] = Array.from({ length: 4 }, (_, i) => {
          const context = { skewMs: 0, clock: { now: () => now + context.skewMs }, random, machine: `${i}` };
          return { context, watch: new ClaimWatch(), token: undefined, seen: { claim: undefined, blob: 0 } };
        });
        // The ref: what it points to, as a number that is new each time.
        let ref: { claim: Claim | undefined; blob: number } = { claim: undefined, blob: 0 };
        let fencing = 0;
        const swap = (actor: Actor, claim: Claim): boolean => {
          if (actor.seen.blob !== ref.blob) return false;
          ref = { claim, blob: ref.blob + 1 };
          return true;
        };
        for (const { actor: index, what, passMs, skewMs } of steps) {
          now += passMs;
          const actor = actors[index]!;
          if (skewMs !== undefined) actor.context.skewMs = skewMs;
          const { context, seen, watch } = actor;
          const blob = String(seen.blob) as ObjectId;
          const take = () => {
            const claim = taken(
              context,
              { slug, agent: agentAda, leaseMs: 30 * minute, plan: null },
              seen.claim,
            );
            if (!swap(actor, claim)) return;
            assert.ok(claim.fencing > fencing, 'fencing numbers grow');
            fencing = claim.fencing;
            actor.token = claim;
          };
          const { standing } = standingOf(
            seen.claim,
            watch.see(slug, blob, context.clock.now()),
            context.clock.now(),
          );
          if (what === 'look') actor.seen = ref;
          else if (what === 'take' && standing === 'free') take();
          else if (what === 'take over' && standing === 'lapsed') take();
          else if (actor.token !== undefined && isOf(seen.claim, actor.token)) {
            if (what === 'renew') swap(actor, renewed(context, seen.claim));
            else if (what === 'release') swap(actor, released(context, seen.claim));
            else if (what === 'land' && actor.seen.blob === ref.blob) {
              assert.equal(ref.claim?.fencing, fencing, 'only the last taking can land');
              assert.equal(actor.token.fencing, fencing);
            }
          }
          const holders = actors.filter(({ token }) => token !== undefined && isOf(ref.claim, token));
          assert.ok(holders.length <= 1, 'one holder at most');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a holder that renews is never taken over by somebody who keeps watching', () => {
    const intervals = fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(intervals, fc.integer({ min: -9, max: 1e6 }), (minutes, skewMinutes) => {
        let now = 2_000_000_000_000;
        const random = { bytes: (length: number) => Buffer.alloc(length, 1) };
        // The watcher's clock may be ahead by less than what clocks are believed to be apart, or behind by any time.
        const watcher = () => now - skewMinutes * minute;
        const context = { clock: { now: () => now }, random, machine: 'x' };
        const watch = new ClaimWatch();
        let claim = taken(context, { slug, agent: agentAda, leaseMs: 30 * minute, plan: null }, undefined);
        for (const [blob, pass] of minutes.entries()) {
          const seen = watch.see(slug, `${blob}` as ObjectId, watcher());
          now += pass * minute;
          assert.equal(standingOf(claim, seen, watcher()).standing, 'held');
          claim = renewed(context, claim);
        }
      }),
    );
  });

  test('one who is gone is taken over, however wrong its clock was', () => {
    for (const skew of [-1e10, 0, 1e10]) {
      const random = { bytes: (length: number) => Buffer.alloc(length, 1) };
      const context = { clock: { now: () => 2e12 + skew }, random, machine: 'x' };
      const claim = taken(context, { slug, agent: agentAda, leaseMs: minute, plan: null }, undefined);
      const watch = new ClaimWatch();
      const seen = watch.see(slug, 'a' as ObjectId, 2e12);
      assert.equal(standingOf(claim, seen, 2e12 + minute + 1).standing, 'lapsed');
    }
  });
});
