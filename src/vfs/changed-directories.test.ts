import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChangedDirectories } from './changed-directories.ts';
import type { InodeNumber } from './file-system.ts';
import { NotResident } from './file-system-error.ts';

/** 1 is the root, 2 and 3 lie in it, 4 in 2, 5 in 4. */
const parents = new Map([
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 2],
  [5, 4],
]);
const parentOf = (directory: InodeNumber): InodeNumber => parents.get(directory) as InodeNumber;
const [root, two, three, four, five] = [1, 2, 3, 4, 5] as InodeNumber[] as [
  InodeNumber,
  InodeNumber,
  InodeNumber,
  InodeNumber,
  InodeNumber,
];

describe('changed directories', () => {
  test('are with all those above them', () => {
    const changed = new ChangedDirectories('all', parentOf);
    changed.add(four);
    assert.deepEqual(
      [root, two, three, four, five].map((directory) => changed.extent(directory)),
      ['something', 'something', 'nothing', 'something', 'nothing'],
    );
    changed.addWhole(three);
    assert.equal(changed.extent(three), 'everything');
    assert.equal(changed.isIncomplete, false);
    changed.add(0);
    assert.equal(changed.isIncomplete, true);
  });

  test('are none where a parent was not in memory, until it is asked again', () => {
    let isCold = true;
    const changed = new ChangedDirectories('all', (directory) => {
      if (directory === two && isCold) throw new NotResident(Promise.resolve());
      return parentOf(directory);
    });
    assert.throws(() => changed.addWhole(five), NotResident);
    assert.equal(changed.extent(five), 'nothing');
    isCold = false;
    changed.addWhole(five);
    assert.deepEqual(
      [root, two, four, five].map((directory) => changed.extent(directory)),
      ['something', 'something', 'something', 'everything'],
    );
  });

  test('are taken as a whole, and put back where they could not be recorded', () => {
    const changed = new ChangedDirectories('not all', parentOf);
    changed.add(four);
    const taken = changed.take();
    assert.deepEqual([changed.extent(root), changed.isIncomplete], ['nothing', false]);
    assert.deepEqual([taken.extent(four), taken.isIncomplete], ['something', true]);
    changed.addWhole(three);
    changed.putBack(taken);
    assert.deepEqual(
      [root, two, three, four].map((directory) => changed.extent(directory)),
      ['something', 'something', 'everything', 'something'],
    );
    assert.equal(changed.isIncomplete, true);
  });
});
