import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LRUCache } from 'lru-cache';
import { MemoryBudget } from './memory-budget.ts';

test('caches together keep to their budget, and what was used last stays', () => {
  const write = fc.record({ cache: fc.nat(2), key: fc.nat(20), bytes: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
      const budget = new MemoryBudget(100);
      const caches = [0, 1, 2].map(
        () => new LRUCache<number, number>({ maxSize: 80, sizeCalculation: (bytes) => bytes }),
      );
      for (const cache of caches) budget.add(cache);
      for (const { cache, key, bytes } of writes) {
        caches[cache]!.set(key, bytes);
        budget.settle();
        const total = caches.reduce((sum, { calculatedSize }) => sum + calculatedSize, 0);
        assert.ok(total <= 100 || caches.every(({ size }) => size <= 1), `${total}`);
        assert.equal(caches[cache]!.get(key), bytes);
      }
    }),
  );
});

test('one cache may take all of it while the others are empty', () => {
  const budget = new MemoryBudget(100);
  const [one, other] = [0, 1].map(
    () => new LRUCache<number, number>({ maxSize: 100, sizeCalculation: (bytes) => bytes }),
  );
  budget.add(one!);
  budget.add(other!);
  for (let key = 0; key < 10; key++) one!.set(key, 10);
  budget.settle();
  assert.equal(one!.size, 10);
  other!.set(0, 30);
  budget.settle();
  assert.deepEqual([one!.size, other!.size], [7, 1]);
  assert.equal(one!.get(0), undefined);
});
