import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { folderNames, lockLines, subjects } from '../../ledger/git/fixtures.ts';
import { keptRefs } from '../../workspace/git/keep-work.ts';
import { completeSession, landSession } from './complete.ts';
import { commit, git, hubOf, other, placed, request, sessionsOf, slug } from './fixtures.ts';

for (const kind of ['clone', 'worktree'] as const) {
  for (const bare of [false, true]) {
    test(`a session of a ${bare ? 'bare' : 'checked-out'} hub is claimed, worked on in a ${kind}, and completed`, async (t) => {
      const hub = hubOf(t, { bare });
      const sessions = await sessionsOf(t, hub);
      const workspace = await placed(sessions, kind);
      assert.ok(await sessions.isHeld(slug));
      assert.deepEqual(folderNames(hub, `active/${slug}`), [
        '.session-env',
        'SESSION.md',
        'active-plan.md',
        'worklog.md',
      ]);
      commit(workspace, 'fix: begin sooner', { 'src/a.c': 'int a = 1;\n', 'src/new.c': 'int b;\n' });
      commit(workspace, 'docs: log', {
        [`_AGENTS/sessions/active/${slug}/worklog.md`]: `${readFileSync(join(workspace.directory, `_AGENTS/sessions/active/${slug}/worklog.md`), 'utf8')}\nBy hand.\n`,
      });
      const head = git(workspace.directory, 'rev-parse', 'HEAD');
      const done = await completeSession(sessions, request());
      assert.equal(done.outcome, 'completed');
      assert.deepEqual(subjects(hub, 3), [
        `[${slug}] session: complete by Grace`,
        `[${slug}] fix: Start faster`,
        `[${slug}] session: claim by Grace`,
      ]);
      assert.equal(
        hub.git([
          'log',
          '-1',
          '--skip=1',
          '--format=%an|%cn|%(trailers:key=Session,valueonly,separator=)',
          'main',
        ]),
        `Grace|Grace|${slug}`,
      );
      assert.deepEqual(folderNames(hub, `completed/${slug}`), [
        ...['.session-env', `${slug}.patch`, 'SESSION.md', 'active-plan.md', 'worklog.md'].sort(),
      ]);
      assert.match(
        hub.git(['show', `main:_AGENTS/sessions/completed/${slug}/worklog.md`]),
        /By hand\.[\s\S]*Completed\./,
      );
      assert.match(
        hub.git(['show', `main:_AGENTS/sessions/completed/${slug}/SESSION.md`]),
        /\*\*Status:\*\* completed[\s\S]*Not met: It is fast/,
      );
      assert.match(
        hub.git(['show', `main:_AGENTS/sessions/completed/${slug}/${slug}.patch`]),
        /\+int a = 1;/,
      );
      assert.equal(hub.git(['show', 'main:src/new.c']), 'int b;');
      assert.deepEqual(lockLines(hub), []);
      assert.ok(!existsSync(workspace.directory));
      assert.equal(hub.git(['rev-parse', keptRefs(slug).commits]), head);
      assert.equal(hub.git(['for-each-ref', 'refs/claims', 'refs/heads/session']), '');
      if (!bare) {
        assert.equal(git(hub.directory, 'status', '--porcelain'), '');
        assert.equal(readFileSync(join(hub.directory, 'src/new.c'), 'utf8'), 'int b;\n');
      }
      hub.git(['fsck', '--strict']);
    });
  }
}

describe('a session is not completed', () => {
  test('with what is not committed, criteria that are open, or commits that break the rules', async (t) => {
    const hub = hubOf(t);
    const sessions = await sessionsOf(t, hub);
    await assert.rejects(completeSession(sessions, request()), { code: 'session/not-held' });
    const workspace = await placed(sessions);
    const main = hub.git(['rev-parse', 'main']);
    writeFileSync(join(workspace.directory, 'x'), '');
    await assert.rejects(completeSession(sessions, request()), { code: 'session/uncommitted' });
    commit(workspace, 'feat: x', { x: 'x\n' });
    await assert.rejects(completeSession(sessions, request({ unmet: undefined })), {
      code: 'session/criteria-open',
    });
    git(workspace.directory, 'commit', '--no-verify', '--allow-empty', '-qm', 'no name');
    commit(workspace, 'feat: y', { y: 'y\n' });
    mkdirSync(join(workspace.directory, '_AGENTS/knowledge'), { recursive: true });
    writeFileSync(join(workspace.directory, '_AGENTS/knowledge/all.md'), '');
    writeFileSync(join(workspace.directory, `_AGENTS/sessions/planned/${other}/SESSION.md`), '');
    git(workspace.directory, 'add', '-A');
    git(workspace.directory, 'commit', '--no-verify', '-qm', `[${slug}] docs: k`);
    await assert.rejects(completeSession(sessions, request()), (error: Error) => {
      assert.match(error.message, /"no name"/);
      assert.match(error.message, /knowledge\/all\.md/);
      assert.match(error.message, new RegExp(`planned/${other}/SESSION.md`));
      return true;
    });
    assert.equal(hub.git(['rev-parse', 'main']), main);
    assert.ok(existsSync(workspace.directory));
  });

  test("when the project's own check fails on the merged result", async (t) => {
    const hub = hubOf(t, {
      settings: { verify: 'test -f good && cat good && test "$SESSION_SLUG" = 2026-11-21-faster-start' },
    });
    const sessions = await sessionsOf(t, hub);
    const workspace = await placed(sessions);
    commit(workspace, 'feat: bad', { bad: 'x\n' });
    const main = hub.git(['rev-parse', 'main']);
    await assert.rejects(completeSession(sessions, request()), { code: 'session/verify-failed' });
    assert.equal(hub.git(['rev-parse', 'main']), main);
    assert.equal(hub.git(['worktree', 'list']).split('\n').length, 1);
    commit(workspace, 'feat: good', { good: 'good\n' });
    assert.equal((await completeSession(sessions, request())).outcome, 'completed');
  });

  test('over a conflict, which it then resumes', async (t) => {
    const hub = hubOf(t);
    const sessions = await sessionsOf(t, hub);
    const workspace = await placed(sessions);
    commit(workspace, 'feat: mine', { 'src/a.c': 'int mine;\n' });
    writeFileSync(join(hub.directory, 'src/a.c'), 'int theirs;\n');
    git(hub.directory, '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '-qam', 'theirs');
    const main = hub.git(['rev-parse', 'main']);
    const met = await completeSession(sessions, request());
    assert.deepEqual(met.outcome === 'conflict' && met.paths, ['src/a.c']);
    assert.equal(hub.git(['rev-parse', 'main:src/a.c']), hub.git(['rev-parse', `${main}:src/a.c`]));
    assert.equal((await sessions.ledger.session(slug)).state, 'conflicted');
    git(workspace.directory, 'fetch', '-q', 'upstream', 'main');
    assert.throws(() => git(workspace.directory, 'merge', '-q', 'FETCH_HEAD'));
    writeFileSync(join(workspace.directory, 'src/a.c'), 'int both;\n');
    git(workspace.directory, 'commit', '-qam', `[${slug}] merge: main`);
    assert.equal((await completeSession(sessions, request())).outcome, 'completed');
    assert.equal(hub.git(['show', 'main:src/a.c']), 'int both;');
    assert.ok(!folderNames(hub, `completed/${slug}`).includes('conflict.md'));
  });

  test('by who comes back after it was taken over', async (t) => {
    const hub = hubOf(t);
    const sessions = await sessionsOf(t, hub);
    const workspace = await placed(sessions);
    commit(workspace, 'feat: late', { late: 'x\n' });
    const late = sessions.held.get(slug)!;
    const ben = await sessionsOf(t, hub, 'Ben');
    await ben.takeOver(slug, 'now');
    sessions.held.set(late);
    const main = hub.git(['rev-parse', 'main']);
    await assert.rejects(completeSession(sessions, request()), { code: 'session/claim-lost' });
    assert.equal(hub.git(['rev-parse', 'main']), main);
    assert.ok(existsSync(workspace.directory));
  });
});

test('what was learned becomes a session that merges it', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions);
  commit(workspace, 'docs: learned', {
    [`_AGENTS/knowledge/sessions/${slug}/learnings.md`]: 'Cold caches lie.\n',
  });
  const done = await completeSession(sessions, request());
  const merging = done.outcome === 'completed' ? done.knowledgeSession : undefined;
  assert.match(merging ?? '', /^kb-\d{4}-\d\d-\d\d-merge-faster-start$/);
  assert.ok(folderNames(hub, 'planned').includes(merging!));
});

test('a session lands as it goes on, and only the rest at its end', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions);
  commit(workspace, 'feat: first', { first: 'x\n' });
  assert.equal((await landSession(sessions, { slug, message: 'feat: first half' })).outcome, 'completed');
  assert.equal(hub.git(['show', 'main:first']), 'x');
  assert.equal((await sessions.ledger.session(slug)).state, 'active');
  commit(workspace, 'feat: second', { second: 'x\n' });
  await completeSession(sessions, request());
  assert.equal(hub.git(['diff', '--name-only', 'main~2', 'main~1']), 'second');
});

test('a session without changes is completed without a commit of code', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  await placed(sessions);
  const done = await completeSession(sessions, request());
  assert.ok(done.outcome === 'completed');
  assert.deepEqual([done.commit, done.knowledgeSession], [undefined, undefined]);
});

test('sessions that are completed at once all land', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  const both = [slug, other];
  for (const which of both) {
    const workspace = await placed(sessions, 'clone', which);
    commit(workspace, 'feat: add', { [`${which}.txt`]: 'x\n' });
  }
  await Promise.all(both.map((which) => completeSession(sessions, request({ slug: which }))));
  for (const which of both) assert.equal(hub.git(['show', `main:${which}.txt`]), 'x');
  assert.equal(hub.git(['rev-list', '--merges', 'main']), '');
});
