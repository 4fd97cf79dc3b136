import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { file } from '../../git/scratch-repository.ts';
import type { SyncMethod } from '../../workspace/git/sync-workspace.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { landSession } from './complete.ts';
import { commit, git, hubOf, placed, sessionsOf, slug } from './fixtures.ts';
import { abandonSession, releaseSession, removeSessionWorkspace, restoreSession } from './leave-session.ts';
import { syncSession } from './sync-session.ts';

const code = 'src/code.txt';
const before = 'a\nb\nc\nd\ne\n';

async function setUp(t: TestContext, kind: 'clone' | 'worktree' = 'clone') {
  const hub = hubOf(t, { more: new Map([[code, file(before)]]) });
  const elsewhere = (path: string, text: string) => {
    writeFileSync(join(hub.directory, path), text);
    hub.git(['add', path]);
    hub.git(['commit', '-qm', 'by somebody else']);
  };
  for (let i = 0; i < 8; i++) elsewhere('old.txt', `${i}\n`);
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions, kind);
  const sync = (method: SyncMethod) => syncSession(sessions, slug, method);
  const claimAgain = async (choice: { kind?: 'clone' | 'worktree' } = {}) => {
    await sessions.claim(slug);
    return (await sessions.place(slug, choice)).workspace;
  };
  return { hub, sessions, workspace, elsewhere, sync, claimAgain };
}

const subjects = ({ directory }: GitWorkspace, range: string) =>
  git(directory, 'log', '--format=%s', range).split('\n').filter(Boolean);

describe('a clone that is made again, where main has moved since,', () => {
  for (const method of ['merge', 'rebase'] as const) {
    test(`comes together with main by ${method}`, async (t) => {
      const { sessions, workspace, elsewhere, sync, claimAgain } = await setUp(t);
      commit(workspace, 'feat: code', { [code]: `${before}mine\n` });
      await releaseSession(sessions, slug, 'remove');
      elsewhere(code, `theirs\n${before}`);
      elsewhere('new.txt', 'new\n');
      const again = await claimAgain();
      assert.deepEqual(subjects(again, 'upstream/main..HEAD'), [`[${slug}] feat: code`]);
      assert.equal(git(again.directory, 'rev-parse', '--is-shallow-repository'), 'true');
      assert.ok(!subjects(again, 'HEAD').includes('by somebody else'), 'nothing older is fetched');
      assert.equal((await sync(method)).outcome, 'synced');
      assert.equal(readFileSync(join(again.directory, code), 'utf8'), `theirs\n${before}mine\n`);
      const own = method === 'merge' ? 2 : 1;
      assert.equal(subjects(again, 'upstream/main..HEAD').length, own);
      assert.equal((await landSession(sessions, { slug, message: undefined })).outcome, 'completed');
    });

    test(`meets what main has done to the same lines, by ${method}`, async (t) => {
      const { sessions, workspace, elsewhere, sync, claimAgain } = await setUp(t);
      commit(workspace, 'feat: code', { [code]: `${before}mine\n` });
      await releaseSession(sessions, slug, 'remove');
      elsewhere(code, `${before}theirs\n`);
      await claimAgain();
      assert.deepEqual(await sync(method), { outcome: 'conflict', paths: [code] });
    });
  }

  test('has its work also when it is not committed, and main is many commits on', async (t) => {
    const { sessions, workspace, elsewhere, sync } = await setUp(t);
    commit(workspace, 'feat: code', { [code]: `${before}mine\n` });
    writeFileSync(join(workspace.directory, 'more.txt'), 'more\n');
    await removeSessionWorkspace(sessions, slug, 'keep');
    for (let i = 0; i < 5; i++) elsewhere('new.txt', `${i}\n`);
    const again = (await restoreSession(sessions, slug, {})).workspace;
    assert.equal((await sync('merge')).outcome, 'synced');
    assert.equal(readFileSync(join(again.directory, 'more.txt'), 'utf8'), 'more\n');
  });
});

test('a clone comes together with a main that was made anew', async (t) => {
  const { hub, workspace, elsewhere, sync } = await setUp(t);
  commit(workspace, 'feat: code', { [code]: `${before}mine\n` });
  hub.git(['commit', '-q', '--amend', '-m', 'anew']);
  elsewhere('new.txt', 'new\n');
  assert.equal((await sync('merge')).outcome, 'synced');
  assert.equal(readFileSync(join(workspace.directory, 'new.txt'), 'utf8'), 'new\n');
});

test('a main that has nothing in common with a session is told apart from what is not committed', async (t) => {
  const { hub, workspace, elsewhere, sync } = await setUp(t);
  elsewhere('src/code.txt', 'theirs\n');
  commit(workspace, 'feat: code', { [code]: `${before}mine\n` });
  writeFileSync(join(workspace.directory, code), 'not committed\n');
  await assert.rejects(sync('merge'), { code: 'workspace/changed', message: /Commit or stash/ });
  git(workspace.directory, 'checkout', '-q', '.');
  const root = hub.git(['commit-tree', '-m', 'unrelated', 'main^{tree}']);
  hub.git(['reset', '-q', '--hard', root]);
  await assert.rejects(sync('merge'), { code: 'workspace/cannot-sync', message: /no commit in common/ });
});

for (const kind of ['clone', 'worktree'] as const) {
  for (const method of ['merge', 'rebase'] as const)
    test(`a ${method} of a ${kind} that has stopped is not taken for the end of it`, async (t) => {
      const { sessions, workspace, elsewhere, sync } = await setUp(t, kind);
      commit(workspace, 'feat: code', { [code]: `${before}mine\n` });
      elsewhere(code, `${before}theirs\n`);
      const landed = await landSession(sessions, { slug, message: undefined });
      assert.equal(landed.outcome, 'conflict');
      assert.deepEqual(await sync(method), { outcome: 'conflict', paths: [code] });
      const stopped = { outcome: 'under way', operation: method, paths: [code] };
      assert.deepEqual(await sync('merge'), stopped);
      assert.deepEqual(await sync('rebase'), stopped);
      assert.equal((await sessions.ledger.session(slug)).state, 'conflicted');
      writeFileSync(join(workspace.directory, code), `${before}both\n`);
      git(workspace.directory, 'add', code);
      assert.deepEqual(await sync(method), { ...stopped, paths: [] });
      git(workspace.directory, '-c', 'core.editor=true', method, '--continue');
      assert.deepEqual(await sync(method), { outcome: 'up to date' });
      assert.equal((await sessions.ledger.session(slug)).state, 'active');
    });

  test(`a ${kind} is made again as what it was, unless it is said`, async (t) => {
    const { sessions, workspace, claimAgain } = await setUp(t, kind);
    const kindOf = ({ record }: GitWorkspace) => record.kind;
    commit(workspace, 'feat: code', { [code]: `${before}mine\n` });
    await removeSessionWorkspace(sessions, slug, 'keep');
    assert.equal(kindOf((await restoreSession(sessions, slug, {})).workspace), kind);
    await releaseSession(sessions, slug, 'remove');
    assert.equal(kindOf(await claimAgain()), kind);
    await abandonSession(sessions, slug, 'later');
    await removeSessionWorkspace(sessions, slug, 'keep');
    const other = kind === 'clone' ? 'worktree' : 'clone';
    assert.equal(kindOf((await restoreSession(sessions, slug, { kind: other })).workspace), other);
    await removeSessionWorkspace(sessions, slug, 'keep');
    assert.equal(kindOf((await restoreSession(sessions, slug, {})).workspace), other);
  });
}
