import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GenerationCache } from './generation-cache.ts';
import { SeededRandom } from './model/seeded-random.ts';

const entriesMax = 20;

test('a cache has what was last used, forgets the rest, and never tells what is no more', () => {
  const cache = new GenerationCache<number, number>(entriesMax);
  const truth = new Map<number, number>();
  const random = new SeededRandom(1);
  for (let round = 0; round < 20_000; round++) {
    const key = random.below(100);
    const found = cache.get(key);
    if (found !== undefined) assert.equal(found, truth.get(key));
    if (random.chance(0.1)) {
      cache.delete(key);
      truth.delete(key);
      assert.equal(cache.get(key), undefined);
    } else if (random.chance(0.5)) {
      cache.set(key, round);
      truth.set(key, round);
      assert.equal(cache.get(key), round);
    }
  }
  for (let key = 0; key < entriesMax; key++) cache.set(key, -key);
  for (let key = 0; key < entriesMax; key++) assert.equal(cache.get(key), -key, 'the last ones are there');
  let kept = 0;
  for (let key = 0; key < 100; key++) if (cache.get(key) !== undefined) kept++;
  assert.ok(kept <= 2 * entriesMax);
  cache.clear();
  assert.equal(cache.get(3), undefined);
});
