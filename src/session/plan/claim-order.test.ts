import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../base/random.ts';
import { ClaimOrder } from './claim-order.ts';

const names = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Rounds until each of `agents` has one of `sessions`, where all try at the same time. */
function rounds(agents: number, sessions: number): number {
  const taken = new Set<number>();
  let seeking = names(agents).map(() => new ClaimOrder(names(sessions), systemRandom));
  for (let round = 1; ; round++) {
    seeking = seeking.filter((order) => {
      const session = order.next();
      assert.ok(session !== undefined);
      if (!taken.has(session)) {
        taken.add(session);
        return false;
      }
      order.stepAside();
      return true;
    });
    if (seeking.length === 0) return round;
  }
}

test('who is alone takes them in their order', () => {
  const order = new ClaimOrder(names(5), systemRandom);
  assert.deepEqual(
    [...names(5), undefined],
    [...names(5), 0].map(() => order.next()),
  );
});

test('whoever steps aside gets each once all the same', () => {
  const order = new ClaimOrder(names(1000), systemRandom);
  const got = names(1000).map(() => {
    order.stepAside();
    return order.next()!;
  });
  assert.deepEqual(
    got.toSorted((a, b) => a - b),
    names(1000),
  );
  assert.equal(order.next(), undefined);
});

test('many who begin at once find one each soon', () => {
  assert.ok(rounds(50, 200) <= 25);
});
