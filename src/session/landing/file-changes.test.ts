import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashOf } from '../../base/hash.ts';
import type { TreeChange } from '../../tree/diff.ts';
import type { Entry } from '../../tree/entry.ts';
import type { TreePath } from '../../tree/path.ts';
import { fileChanges } from './file-changes.ts';

function file(content: string, mode = 0o644): Entry {
  return { type: 'file', mode, size: content.length, hash: hashOf(Buffer.from(content)) };
}

const directory: Entry = { type: 'directory', mode: 0o755 };
const link: Entry = { type: 'symlink', size: 3, hash: hashOf(Buffer.from('abc')) };

/** What people are told of changes, a line each. */
function told(...changes: (readonly [path: string, before: Entry | undefined, after: Entry | undefined])[]) {
  const all: TreeChange[] = changes.map(([path, before, after]) => ({
    path: path as TreePath,
    before,
    after,
  }));
  return fileChanges(all).map(({ kind, path, from }) =>
    [kind, ...(from === undefined ? [] : [from]), path].join(' '),
  );
}

describe('changes of a tree, as people are told of them', () => {
  test('are files that were added, modified and deleted', () => {
    assert.deepEqual(
      told(['b', file('1'), file('2')], ['c', file('3'), undefined], ['a', undefined, file('4')]),
      ['added a', 'modified b', 'deleted c'],
    );
    assert.deepEqual(told(['run.sh', file('1'), file('1', 0o755)]), ['modified run.sh']);
  });

  test('have no directories', () => {
    assert.deepEqual(
      told(['d', undefined, directory], ['d/a', undefined, file('1')], ['e', directory, undefined]),
      ['added d/a'],
    );
  });

  test('have files that became another type', () => {
    assert.deepEqual(told(['a', file('1'), link]), ['modified a']);
    assert.deepEqual(
      told(
        ['a', file('1'), directory],
        ['a/b', undefined, file('2')],
        ['d', directory, file('3')],
        ['d/e', file('4'), undefined],
      ),
      ['deleted a', 'added a/b', 'added d', 'deleted d/e'],
    );
  });

  test('have renames, where the same content went and came', () => {
    assert.deepEqual(told(['old', file('1'), undefined], ['new', undefined, file('1', 0o755)]), [
      'renamed old new',
    ]);
    assert.deepEqual(told(['old', link, undefined], ['new', undefined, link]), ['renamed old new']);
  });

  test('pair each file that went with one that came, at most', () => {
    assert.deepEqual(
      told(['a', file('1'), undefined], ['x', undefined, file('1')], ['y', undefined, file('1')]),
      ['renamed a x', 'added y'],
    );
    assert.deepEqual(
      told(['a', file('1'), undefined], ['b', file('1'), undefined], ['x', undefined, file('1')]),
      ['deleted b', 'renamed a x'],
    );
  });

  test('take no file for another one because both are empty, nor a link for a file', () => {
    assert.deepEqual(told(['a', file(''), undefined], ['b', undefined, file('')]), ['deleted a', 'added b']);
    assert.deepEqual(told(['a', file('abc'), undefined], ['b', undefined, link]), ['deleted a', 'added b']);
  });

  test('show odd names so that a terminal does not obey them', () => {
    assert.deepEqual(told(['a\x1b[2J', undefined, file('1')]), ['added a\\x1b[2J']);
  });
});
