import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeCommits } from './merge-commits.ts';
import { file, ScratchRepository } from './scratch-repository.ts';

test('commits are merged as git merges them', async (t) => {
  const scratch = ScratchRepository.create(t);
  const [base] = scratch.commits([
    new Map([
      ['a', file('1\n2\n3\n')],
      ['b', file('b\n')],
      ['c d', file('c\n')],
    ]),
  ]);
  const ours = scratch.commit(
    new Map([
      ['a', file('one\n2\n3\n')],
      ['b', file('ours\n')],
      ['c d', file('ours\n')],
    ]),
  );
  scratch.git(['update-ref', 'refs/heads/main', base!]);
  const clean = scratch.commit(
    new Map([
      ['a', file('1\n2\nthree\n')],
      ['b', file('b\n')],
      ['c d', file('c\n')],
    ]),
  );
  const repository = await scratch.open();
  const merged = await mergeCommits(repository, ours, clean);
  assert.equal(merged.outcome, 'clean');
  assert.equal(scratch.git(['show', `${merged.tree}:a`]), 'one\n2\nthree');
  scratch.git(['update-ref', 'refs/heads/main', base!]);
  const theirs = scratch.commit(
    new Map([
      ['a', file('1\n2\n3\n')],
      ['b', file('theirs\n')],
    ]),
  );
  const conflict = await mergeCommits(repository, ours, theirs);
  assert.equal(conflict.outcome, 'conflict');
  assert.deepEqual(conflict.outcome === 'conflict' && conflict.paths, ['b', 'c d']);
  assert.match(
    conflict.outcome === 'conflict' ? conflict.messages.join('\n') : '',
    /CONFLICT \(content\).*\bb\b/,
  );
  assert.match(conflict.outcome === 'conflict' ? conflict.messages.join('\n') : '', /modify\/delete/);
  await assert.rejects(mergeCommits(repository, ours, '1'.repeat(40) as typeof ours), { code: 'git/failed' });
});
