import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeSource } from './time-source.ts';

test('times always grow, whatever the clock does, and follow it', () => {
  let now = 1_700_000_000_999;
  const source = new TimeSource({ now: () => now });
  let before = -1n;
  for (let round = 0; round < 5000; round++) {
    if (round === 2000) now -= 60_000;
    if (round === 4000) now += 3_600_000;
    const { seconds, nanoseconds } = source.now();
    assert.ok(nanoseconds >= 0 && nanoseconds < 1e9);
    const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    assert.ok(time > before);
    before = time;
  }
  assert.equal(source.now().seconds, Math.floor(now / 1000));
});
