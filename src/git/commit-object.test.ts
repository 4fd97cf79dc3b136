import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasCode } from '../base/error.ts';
import { encodeCommit } from './commit-object.ts';
import { ada, ScratchRepository } from './scratch-repository.ts';
import { withTrailers } from './trailers.ts';

describe('a commit object', () => {
  test('has the bytes that git commit-tree writes', (t) => {
    const scratch = ScratchRepository.create(t);
    const tree = scratch.literalTree();
    const parent = scratch.commitOf(tree);
    const expected = scratch.git(['commit-tree', '-p', parent, '-m', 'Ünïcode subject\n\nBody', tree]);
    const message = Buffer.from('Ünïcode subject\n\nBody').toString('utf8');
    const bytes = encodeCommit({ tree, parents: [parent], author: ada, committer: ada, message });
    assert.equal(scratch.git(['hash-object', '-t', 'commit', '--stdin'], bytes), expected);
  });

  test('refuses signatures and messages that would change its meaning', (t) => {
    const tree = ScratchRepository.create(t).literalTree();
    const content = { tree, parents: [], author: ada, committer: ada, message: 'm' };
    const wrong = [
      { ...ada, name: 'Ada>\n' },
      { ...ada, name: ' ' },
      { ...ada, email: 'a<b' },
      { ...ada, ms: -1000 },
      { ...ada, ms: Number.NaN },
      { ...ada, offsetMinutes: 1440 },
    ];
    for (const author of wrong) {
      assert.throws(
        () => encodeCommit({ ...content, author }),
        (error) => hasCode(error, 'git/signature-invalid'),
      );
    }
    assert.throws(
      () => encodeCommit({ ...content, message: 'a\0b' }),
      (error) => hasCode(error, 'git/message-invalid'),
    );
  });

  test('zones west of UTC and half hours', (t) => {
    const tree = ScratchRepository.create(t).literalTree();
    const lines = (offsetMinutes: number) =>
      encodeCommit({
        tree,
        parents: [],
        author: { ...ada, offsetMinutes },
        committer: ada,
        message: '',
      }).toString();
    assert.match(lines(-210), /^author Ada <ada@example\.com> 1700000000 -0330$/m);
    assert.match(lines(0), /1700000000 \+0000$/m);
    assert.match(lines(825), /1700000000 \+1345$/m);
  });
});

describe('trailers', () => {
  test('are read back by git', (t) => {
    const scratch = ScratchRepository.create(t);
    const parse = (message: string) =>
      scratch.git(['interpret-trailers', '--parse'], `${message}\n`).split('\n');
    const trailers = [
      ['Session', 'fix-login'],
      ['Why', 'two\nlines'],
    ] as const;
    const expected = ['Session: fix-login', 'Why: two lines'];
    assert.deepEqual(parse(withTrailers('Fix login', trailers)), expected);
    assert.deepEqual(
      parse(withTrailers('Fix login\n\nBecause: it was broken, and\nthis is text.', trailers)),
      expected,
    );
    const signed = 'Fix login\n\nSigned-off-by: Ada <ada@example.com>\n folded\n\n';
    assert.deepEqual(parse(withTrailers(signed, trailers)), [
      'Signed-off-by: Ada <ada@example.com> folded',
      ...expected,
    ]);
    // A subject that looks like a trailer is a subject.
    assert.equal(withTrailers('fix: login', [['A', 'b']]), 'fix: login\n\nA: b');
    assert.equal(withTrailers('text\n', []), 'text');
  });

  test('a key that is no word is refused', () => {
    for (const key of ['', 'a b', 'a:b', 'a\nb', '-a']) {
      assert.throws(
        () => withTrailers('m', [[key, 'v']]),
        (error) => hasCode(error, 'git/message-invalid'),
      );
    }
  });
});
