import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hashOf } from './hash.ts';
import { HashSet } from './hash-set.ts';

const raw = (text: string): Buffer => Buffer.from(hashOf(Buffer.from(text)), 'hex');

describe('a set of hashes', () => {
  test('equals a Set of strings', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 600, size: 'max' }), (numbers) => {
        const [set, model] = [new HashSet(), new Set<number>()];
        for (const number of numbers) {
          assert.equal(set.has(raw(`${number}`)), model.has(number));
          assert.equal(set.add(raw(`${number}`)), !model.has(number));
          model.add(number);
        }
        assert.equal(set.size, model.size);
      }),
      { numRuns: 30 },
    );
  });

  test('keeps all it has while it grows', () => {
    const set = new HashSet();
    for (let i = 0; i < 20_000; i++) assert.ok(set.add(raw(`in ${i}`)));
    for (let i = 0; i < 20_000; i++) assert.ok(set.has(raw(`in ${i}`)) && !set.has(raw(`out ${i}`)));
    assert.equal(set.size, 20_000);
  });

  test('tells hashes apart that begin alike, and takes the one of zeros', () => {
    const set = new HashSet();
    const alike = Array.from({ length: 200 }, (_, i) => Buffer.alloc(32).fill(i, 8, 16));
    for (const bytes of alike) assert.ok(set.add(bytes));
    for (const bytes of alike) assert.ok(set.has(bytes) && !set.add(bytes));
    assert.equal(set.size, 200);
  });

  test('reads a hash inside other bytes, and refuses half of one', () => {
    const set = new HashSet();
    set.add(Buffer.concat([Buffer.from('12345'), raw('a'), Buffer.from('6')]), 5);
    assert.ok(set.has(raw('a')));
    assert.throws(() => set.has(raw('a'), 1), RangeError);
  });
});
