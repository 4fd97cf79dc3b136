import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { areRelated, countApart, hasObject, isAncestor } from './ancestry.ts';
import type { ObjectId } from './object-id.ts';
import { rebaseCommits } from './rebase-commits.ts';
import { ada, file, type ScratchFiles, ScratchRepository } from './scratch-repository.ts';

const lines = (...texts: string[]) => file(texts.map((text) => `${text}\n`).join(''));
const start: ScratchFiles = new Map([
  ['a', lines('1', '2', '3', '4', '5')],
  ['b', lines('b')],
]);
const committer = { ...ada, name: 'Zoë', email: 'zoe@example.org' };

describe('commits are made again on top of another', () => {
  /** Two lines of commits from the same start. */
  function fork(scratch: ScratchRepository, ours: readonly ScratchFiles[], theirs: readonly ScratchFiles[]) {
    const [base] = scratch.commits([start]);
    const head = scratch.commits(ours).at(-1)!;
    scratch.git(['update-ref', 'refs/heads/main', base!]);
    const onto = scratch.commits(theirs).at(-1)!;
    return { base: base!, head, onto };
  }

  test('as git rebases them, with their authors', async (t) => {
    const scratch = ScratchRepository.create(t, { bare: false });
    const { base, head, onto } = fork(
      scratch,
      [
        new Map([...start, ['a', lines('one', '2', '3', '4', '5')]]),
        new Map([...start, ['a', lines('one', '2', '3', '4', '5')], ['c', lines('c')]]),
      ],
      [new Map([...start, ['a', lines('1', '2', '3', '4', 'five')]])],
    );
    const repository = await scratch.open();
    const rebased = await rebaseCommits(repository, { head, onto, committer });
    assert.ok(rebased.outcome === 'clean');
    scratch.git(['checkout', '-q', '-b', 'git-does', head]);
    scratch.git(['rebase', '-q', onto]);
    assert.equal(scratch.treeOf(rebased.commit), scratch.treeOf('git-does'));
    assert.equal(scratch.treeOf(`${rebased.commit}~1`), scratch.treeOf('git-does~1'));
    assert.equal(scratch.git(['rev-parse', `${rebased.commit}~2`]), onto);
    const people = scratch.git(['log', '-2', '--format=%an %ae', rebased.commit]);
    assert.equal(people, scratch.git(['log', '-2', '--format=%an %ae', head]));
    const committers = Buffer.from(scratch.git(['log', '-1', '--format=%cn', rebased.commit]), 'latin1');
    assert.equal(committers.toString('utf8'), 'Zoë');
    assert.equal(scratch.git(['fsck', '--strict', '--no-dangling']), '');
    assert.equal(scratch.git(['rev-parse', 'main']), onto);
    assert.deepEqual(await countApart(repository, head, onto), { ours: 2, theirs: 1 });
    assert.ok(await isAncestor(repository, base, rebased.commit));
    assert.ok(!(await isAncestor(repository, head, rebased.commit)));
    assert.ok(await hasObject(repository, base));
    assert.ok(!(await hasObject(repository, 'a'.repeat(40) as ObjectId)));
  });

  test('without those whose change is there', async (t) => {
    const scratch = ScratchRepository.create(t);
    const change = new Map([...start, ['b', lines('changed')]]);
    const { head, onto } = fork(
      scratch,
      [change, new Map([...change, ['c', lines('c')]])],
      [new Map([...start, ['d', lines('d')]]), new Map([...change, ['d', lines('d')]])],
    );
    const rebased = await rebaseCommits(await scratch.open(), { head, onto, committer });
    assert.ok(rebased.outcome === 'clean');
    assert.equal(scratch.git(['rev-parse', `${rebased.commit}~1`]), onto);
    assert.equal(scratch.git(['ls-tree', '--name-only', rebased.commit]), 'a\nb\nc\nd');
  });

  test('unless they conflict: then it is said which, and where', async (t) => {
    const scratch = ScratchRepository.create(t);
    const { head, onto } = fork(
      scratch,
      [new Map([...start, ['c', lines('c')]]), new Map([...start, ['c', lines('c')], ['b', lines('ours')]])],
      [new Map([...start, ['b', lines('theirs')]])],
    );
    const rebased = await rebaseCommits(await scratch.open(), { head, onto, committer });
    assert.ok(rebased.outcome === 'conflict');
    assert.equal(rebased.commit, head);
    assert.deepEqual(rebased.paths, ['b']);
  });

  test('unless there is a merge among them', async (t) => {
    const scratch = ScratchRepository.create(t);
    const { base, head, onto } = fork(
      scratch,
      [new Map([...start, ['c', lines('c')]])],
      [new Map([...start, ['d', lines('d')]])],
    );
    const merge = scratch.git([
      'commit-tree',
      '-p',
      head,
      '-p',
      base,
      '-m',
      'm',
      `${head}^{tree}`,
    ]) as ObjectId;
    const rebased = await rebaseCommits(await scratch.open(), { head: merge, onto, committer });
    assert.deepEqual(rebased, { outcome: 'has-merges', commit: merge });
    const other = scratch.commitOf(scratch.treeOf(base));
    assert.ok(!(await areRelated(await scratch.open(), other, base)));
    assert.ok(await areRelated(await scratch.open(), head, onto));
  });
});
