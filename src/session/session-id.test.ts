import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemRandom } from '../base/random.ts';
import { newSessionId, parseSessionId } from './session-id.ts';

describe('a session id', () => {
  test('is what it is made as', () => {
    const ids = Array.from({ length: 500 }, () => newSessionId(systemRandom));
    for (const id of ids) assert.equal(parseSessionId(id), id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(newSessionId({ bytes: (count) => Buffer.alloc(count, 255) }), 'sess-zzzzzzzzzzzz');
  });

  test('leads nowhere', () => {
    const wrong = [
      '',
      'sess-',
      'sess-4k2m9x7qw0a',
      'sess-4k2m9x7qw0abc',
      '../4k2m9x7qw0ab',
      'sess-../../head.js',
      'sess-..........',
      'sess-4k2m9x7qw0a/',
      'SESS-4k2m9x7qw0ab',
      'sess-4K2m9x7qw0ab',
      'sess-4k2m9x7qw0ab\n',
      ' sess-4k2m9x7qw0ab',
      'sess-4k2m9x7qw0ai',
      'sess-4k2m9x7qw0al',
      'sess-4k2m9x7qw0ao',
      'sess-4k2m9x7qw0au',
      'sess-4k2m9x7qw0a\0',
    ];
    for (const id of wrong)
      assert.throws(() => parseSessionId(id), { code: 'session/id-invalid' }, JSON.stringify(id));
  });

  test('that is much too long is not shown whole', () => {
    assert.throws(
      () => parseSessionId('x'.repeat(100_000)),
      (error: Error) => error.message.length < 300,
    );
  });
});
