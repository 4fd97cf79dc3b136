import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { columns, counted, headline, oneLine, printable, size } from './wording.ts';

test('what others wrote is only shown, never obeyed by a terminal', () => {
  assert.equal(printable('\x1b]0;owned\x07title\x1b[2J\r'), '\\x1b]0;owned\\x07title\\x1b[2J\\x0d');
  assert.equal(printable('txt.\u202eexe \x9b1m'), 'txt.\\x202eexe \\x9b1m');
  for (const text of ['two\nlines', 'a\ttab', 'größe 日本語 👩‍💻 "quotes" \\'])
    assert.equal(printable(text), text);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), /[^\P{Cc}\n\t]/u);
    }),
  );
});

test('numbers, sizes and lists are written as people read them', () => {
  assert.deepEqual([0, 1023, 1024, 1.5 * 2 ** 20, 2 ** 50].map(size), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 MiB',
    '1024.0 TiB',
  ]);
  assert.deepEqual([counted(1, 'file'), counted(1234, 'file')], ['1 file', '1,234 files']);
  assert.equal(counted(2, 'entry', 'entries'), '2 entries');
  assert.equal(headline('first\nsecond'), 'first');
  assert.equal(headline('x'.repeat(70)).length, 60);
  assert.equal(
    columns([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
    'a    bb\nccc  d',
  );
});

test('a message of several lines is told in one, with all it lists', () => {
  const message = 'Session x has criteria that are not met:\n  - It runs\n  - It is told\nMeet them.';
  assert.equal(oneLine(message), 'Session x has criteria that are not met: It runs; It is told. Meet them.');
  assert.equal(oneLine('Error: what\n    at place (file:1:2)\n'), 'Error: what');
  assert.equal(oneLine('- one'), 'one');
});
