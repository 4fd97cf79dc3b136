import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { moveRefs, type RefName, readBranch, readRefs } from './refs.ts';
import { fetchObjects, pushRefs, type Remote, readRemoteRefs } from './remote.ts';
import { file, ScratchRepository } from './scratch-repository.ts';

const main = 'refs/heads/main' as RefName;
const claim = 'refs/claims/x' as RefName;
const claims = 'refs/claims/' as RefName;

async function setUp(t: TestContext) {
  const scratch = ScratchRepository.create(t);
  const [first, second] = scratch.commits([new Map(), new Map([['a', file('a')]])]);
  scratch.git(['update-ref', main, first!]);
  return {
    scratch,
    repository: await scratch.open(),
    first: first!,
    second: second!,
    blob: scratch.blob('claim'),
  };
}

test('a branch is read where git keeps it at that moment', async (t) => {
  const { scratch, repository, first, second } = await setUp(t);
  const other = 'refs/heads/other' as RefName;
  assert.equal(await readBranch(repository, other), undefined);
  scratch.git(['update-ref', other, second]);
  scratch.git(['pack-refs', '--all', '--prune']);
  assert.equal(await readBranch(repository, other), second);
  scratch.git(['update-ref', other, first]);
  assert.equal(await readBranch(repository, other), first);
  scratch.git(['update-ref', '-d', other]);
  scratch.git(['symbolic-ref', other, main]);
  assert.equal(await readBranch(repository, other), first);
});

describe('several refs move', () => {
  test('all at once, or not at all', async (t) => {
    const { repository, first, second, blob } = await setUp(t);
    const take = { ref: claim, expected: 'absent', next: blob } as const;
    const moves = [{ ref: main, expected: first, next: second }, take];
    assert.deepEqual(
      await moveRefs(repository, [{ ...moves[0]!, expected: second, next: first }, take], 'x'),
      {
        outcome: 'lost',
      },
    );
    assert.deepEqual(await readRefs(repository, [claims]), new Map());
    assert.deepEqual(await moveRefs(repository, moves, 'x'), { outcome: 'moved' });
    assert.deepEqual(
      await readRefs(repository, [main, claims]),
      new Map([
        [claim, blob],
        [main, second],
      ]),
    );
    // Somebody else may have done the very same.
    assert.deepEqual(await moveRefs(repository, moves, 'x'), { outcome: 'moved' });
    const land = [
      { ref: main, expected: second, next: first },
      { ref: claim, expected: blob, next: 'absent' },
    ] as const;
    assert.deepEqual(await moveRefs(repository, land, 'x'), { outcome: 'moved' });
    assert.deepEqual(await readRefs(repository, [main, claims]), new Map([[main, first]]));
  });

  test('a ref that only has to be what it was is looked at too', async (t) => {
    const { repository, first, second, blob } = await setUp(t);
    const same = { ref: claim, expected: blob, next: blob };
    const outcome = await moveRefs(repository, [{ ref: main, expected: first, next: second }, same], 'x');
    assert.deepEqual(outcome, { outcome: 'lost' });
    assert.equal((await readRefs(repository, [main])).get(main), first);
  });

  test('a hook that refuses is quoted', async (t) => {
    const { scratch, repository, first, second } = await setUp(t);
    const hook = join(scratch.directory, 'hooks/reference-transaction');
    writeFileSync(hook, '#!/bin/sh\n[ "$1" = prepared ] && echo not today >&2 && exit 1\nexit 0\n');
    chmodSync(hook, 0o755);
    const outcome = await moveRefs(repository, [{ ref: main, expected: first, next: second }], 'x');
    assert.equal(outcome.outcome, 'refused');
    assert.match('words' in outcome ? outcome.words : '', /not today/);
  });
});

describe('a remote', () => {
  async function withRemote(t: TestContext) {
    const { scratch: hub, first, second, blob } = await setUp(t);
    const there = ScratchRepository.create(t);
    hub.git(['remote', 'add', 'origin', there.directory]);
    hub.git(['push', '-q', 'origin', 'main']);
    const remote: Remote = { repository: await hub.open(), name: 'origin' };
    return { hub, there, remote, first, second, blob };
  }

  test('moves refs only from what is expected, all or none', async (t) => {
    const { there, remote, first, second, blob } = await withRemote(t);
    const moves = [
      { ref: main, expected: first, next: second },
      { ref: claim, expected: 'absent', next: blob },
    ] as const;
    assert.deepEqual(await pushRefs(remote, moves, 'skip'), { outcome: 'moved' });
    assert.deepEqual(
      await readRemoteRefs(remote, [main, claims]),
      new Map([
        [claim, blob],
        [main, second],
      ]),
    );
    // A push whose answer was lost is done by now, and may be asked for again.
    assert.deepEqual(await pushRefs(remote, moves, 'skip'), { outcome: 'moved' });
    const wrong = [
      { ref: main, expected: second, next: first },
      { ref: claim, expected: first, next: 'absent' },
    ] as const;
    assert.equal((await pushRefs(remote, wrong, 'skip')).outcome, 'failed');
    assert.equal(there.git(['rev-parse', 'main']), second);
    assert.deepEqual(await pushRefs(remote, [{ ref: claim, expected: blob, next: 'absent' }], 'skip'), {
      outcome: 'moved',
    });
  });

  test('brings objects without moving a ref here', async (t) => {
    const { hub, there, remote } = await withRemote(t);
    const commit = there.commit(new Map([['new', file('new')]]));
    const before = hub.git(['for-each-ref']);
    await fetchObjects(remote, [main]);
    assert.equal(hub.git(['cat-file', '-t', commit]), 'commit');
    assert.equal(hub.git(['for-each-ref']), before);
  });

  test('that is gone is an error without what a URL may carry', async (t) => {
    const { hub, remote } = await withRemote(t);
    hub.git(['remote', 'set-url', 'origin', 'https://user:secret@127.0.0.1:1/x']);
    await assert.rejects(readRemoteRefs(remote, [main]), ({ message }: Error) => {
      assert.doesNotMatch(message, /secret/);
      return true;
    });
  });
});
