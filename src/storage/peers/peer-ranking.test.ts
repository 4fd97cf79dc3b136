import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { bestPeers } from './peer-ranking.ts';

const peers = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 12 });
const named = (names: readonly string[]) => names.map((name) => ({ name }));

test('the choice depends on who there is, and not on their order', () => {
  fc.assert(
    fc.property(peers, fc.string(), fc.nat(12), (names, what, count) => {
      const chosen = bestPeers(named(names), what, count);
      assert.deepEqual(bestPeers(named([...names].reverse()), what, count), chosen);
      assert.equal(new Set(chosen.map(({ name }) => name)).size, Math.min(count, names.length));
    }),
  );
});

test('a peer that goes changes nothing for what others are asked', () => {
  fc.assert(
    fc.property(peers, fc.string(), fc.nat(), (names, what, nth) => {
      const gone = names[nth % Math.max(names.length, 1)];
      const left = bestPeers(named(names.filter((name) => name !== gone)), what, names.length);
      const all = bestPeers(named(names), what, names.length);
      assert.deepEqual(
        left,
        all.filter(({ name }) => name !== gone),
      );
    }),
  );
});

test('spreads evenly', () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 4000; n++) {
    const [best] = bestPeers(named(['a', 'b', 'c', 'd']), `frame ${n}`, 1);
    counts.set(best!.name, (counts.get(best!.name) ?? 0) + 1);
  }
  for (const [name, count] of counts) assert.ok(count > 850 && count < 1150, `${name}: ${count}`);
});
