import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { file, ScratchRepository } from '../../git/scratch-repository.ts';
import {
  assertOneCommit,
  assertUsable,
  byOrigin,
  clone,
  commits,
  hub,
  init,
  paths,
  project,
  refused,
  show,
  status,
} from './init-fixtures.ts';

describe('mic init --authority', () => {
  const request = byOrigin;
  const settings = { authority: 'origin' };

  test('pushes the commit, once, and has every clone follow', async (t) => {
    const origin = hub(t);
    const [one, two] = [clone(t, origin), clone(t, origin)];
    const report = await init(one.directory, request);
    assert.equal(origin.git(['rev-parse', 'main']), report.commit);
    assert.equal(one.git(['rev-parse', 'main']), report.commit);
    assert.equal(status(one), '');
    assert.deepEqual(JSON.parse(show(origin, '_AGENTS/sessions/_config/settings.json')), settings);
    // Nothing of the trial is left.
    assert.equal(origin.git(['for-each-ref', 'refs/claims']), '');
    assert.deepEqual((await init(one.directory)).decider, byOrigin.authority);

    const second = await init(two.directory, request);
    assert.equal(second.commit, undefined);
    assert.equal(two.git(['rev-parse', 'main']), report.commit);
    assert.equal(status(two), '');
    await assertUsable(t, two.directory);
    assert.match(origin.git(['for-each-ref', '--format=%(refname)', 'refs/claims']), /2025-10-14-first$/);
  });

  test('makes one commit where several clones do it at once, also the first one', async (t) => {
    for (const origin of [hub(t), ScratchRepository.create(t)]) {
      const before = origin.git(['rev-list', '--count', '--all']);
      const clones = [clone(t, origin), clone(t, origin)];
      const reports = await Promise.all(clones.map(({ directory }) => init(directory, request)));
      assertOneCommit(reports);
      assert.equal(commits(origin), `${Number(before) + 1}`);
      for (const { directory } of clones) await init(directory, request);
      for (const scratch of clones) {
        assert.equal(scratch.git(['rev-parse', 'main']), origin.git(['rev-parse', 'main']));
        assert.equal(status(scratch), '');
      }
    }
  });

  test('moves nothing in a dry run, not even what is only behind', async (t) => {
    const origin = hub(t);
    const scratch = clone(t, origin);
    origin.commit(new Map([...project, ['more', file('')]]));
    const main = scratch.git(['rev-parse', 'main']);
    const report = await init(scratch.directory, { ...request, mode: 'dry-run' });
    assert.ok(paths(report, 'create').includes('_AGENTS/sessions/sessions.lock'));
    assert.equal(scratch.git(['rev-parse', 'main']), main);
    assert.equal(commits(origin), '2');
    await init(scratch.directory, request);
    assert.equal(scratch.git(['rev-parse', 'main']), origin.git(['rev-parse', 'main']));
    assert.equal(status(scratch), '');
  });

  test('adds itself to settings that are there, and changes no other remote', async (t) => {
    const origin = hub(t);
    const scratch = clone(t, origin);
    scratch.git(['remote', 'add', 'other', hub(t).directory]);
    await init(scratch.directory);
    scratch.git(['push', '-q', 'origin', 'main']);
    await init(scratch.directory, request);
    assert.deepEqual(JSON.parse(show(origin, '_AGENTS/sessions/_config/settings.json')), settings);
    scratch.git(['push', '-q', '-f', 'other', 'main']);
    await refused(
      init(scratch.directory, { authority: { kind: 'remote', name: 'other' } }),
      'ledger/in-use',
      /"origin" decides/,
    );
  });

  for (const [what, hook, message] of [
    [
      'claims',
      'case $ref in refs/claims/*) echo no claims here >&2; exit 1;; esac',
      /does not take refs.*no claims/s,
    ],
    [
      'the removal of claims',
      'case $new in *[!0]*) ;; *) echo kept >&2; exit 1;; esac',
      /does not let refs below refs\/claims\/ be removed.*Remove refs\/claims\/trial-/s,
    ],
  ] as const) {
    test(`is refused by a remote that refuses ${what}, before anything is laid out`, async (t) => {
      const origin = hub(t);
      const scratch = clone(t, origin);
      const path = join(origin.directory, 'hooks/pre-receive');
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `#!/bin/sh\nwhile read old new ref; do ${hook}; done\n`, { mode: 0o755 });
      await refused(init(scratch.directory, request), 'ledger/unsuitable', message);
      assert.equal(commits(origin), '1');
      assert.equal(commits(scratch), '1');
    });
  }

  test('is refused by a protected main, in its words', async (t) => {
    const origin = hub(t);
    const scratch = clone(t, origin);
    const hook =
      '#!/bin/sh\nwhile read old new ref; do case $ref in */main) echo protected >&2; exit 1;; esac; done\n';
    writeFileSync(join(origin.directory, 'hooks/pre-receive'), hook, { mode: 0o755 });
    await refused(init(scratch.directory, request), 'ledger/refused', /protected/);
    assert.equal(commits(scratch), '1');
  });

  test('pushes nobody’s commits, and lays out nothing twice', async (t) => {
    const origin = hub(t);
    const [ahead, behind] = [clone(t, origin), clone(t, origin)];
    ahead.commit(new Map([...project, ['mine', file('')]]));
    ahead.git(['reset', '-q', '--hard', 'main']);
    await refused(init(ahead.directory, request), 'ledger/not-together', /git push origin main/);
    assert.equal(commits(origin), '1');
    await init(clone(t, origin).directory, request);
    behind.git(['fetch', '-q', 'origin']);
    await refused(init(behind.directory), 'ledger/not-together', /git pull origin main/);
  });

  test('says so where there is no such remote, or nobody answers', async (t) => {
    const scratch = hub(t);
    await refused(init(scratch.directory, request), 'ledger/unsuitable', /no remote "origin"/);
    scratch.git(['remote', 'add', 'origin', join(scratch.directory, 'nowhere')]);
    await refused(init(scratch.directory, request), 'ledger/unreachable', /git ls-remote origin/);
  });

  test('waits until nobody has a session that another repository has decided', async (t) => {
    const origin = hub(t);
    const scratch = clone(t, origin);
    await init(scratch.directory);
    await assertUsable(t, scratch.directory);
    scratch.git(['push', '-q', 'origin', 'main']);
    await refused(init(scratch.directory, request), 'ledger/in-use', /2025-10-14-first \(Ada\)/);
  });
});
