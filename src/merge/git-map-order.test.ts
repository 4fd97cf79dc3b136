import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TreePath } from '../tree/path.ts';
import { inGitMapOrder } from './git-map-order.ts';

const paths = (count: number) => Array.from({ length: count }, (_, n) => `d${n}` as TreePath);

test('keys come by bucket, the last added first in each', () => {
  // FNV-1 of one letter x is (offset · prime) xor x: neighbours in the alphabet are neighbours in the table.
  assert.deepEqual(
    inGitMapOrder(['a', 'c', 'b'] as TreePath[]),
    inGitMapOrder(['b', 'a', 'c'] as TreePath[]),
  );
  const colliding = ['A', 'a', '!'] as TreePath[];
  assert.deepEqual(new Set(colliding.map((key) => key.charCodeAt(0) % 32)).size, 1);
  assert.deepEqual(inGitMapOrder(['!', 'a'] as TreePath[]), ['a', '!']);
  assert.deepEqual(inGitMapOrder(['a', '!'] as TreePath[]), ['!', 'a']);
});

test('nothing is lost as the table grows', () => {
  for (const count of [0, 51, 52, 204, 205, 1000]) {
    assert.deepEqual(inGitMapOrder(paths(count)).toSorted(), paths(count).toSorted());
  }
});
