import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { file } from '../../git/scratch-repository.ts';
import { activePlanName } from '../../session/plan/record-files.ts';
import { completeSession, landSession } from './complete.ts';
import { commit, hubOf, placed, request, sessionsOf, slug } from './fixtures.ts';
import { syncSession } from './sync-session.ts';

const code = 'src/code.txt';
const lines = (...changed: readonly string[]) => `${['a', 'b', 'c', 'd', 'e', ...changed].join('\n')}\n`;

async function setUp(t: TestContext, kind: 'clone' | 'worktree' = 'clone') {
  const hub = hubOf(t, { more: new Map([[code, file(lines())]]) });
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions, kind);
  const write = (text: string) => commit(workspace, 'feat: code', { [code]: text });
  const land = async () => (await landSession(sessions, { slug, message: undefined })).outcome;
  const onMain = (path = code) => hub.git(['show', `main:${path}`]);
  const elsewhere = (text: string) => {
    writeFileSync(join(hub.directory, code), text);
    hub.git(['commit', '-qam', 'by somebody else']);
  };
  return { hub, sessions, workspace, write, land, onMain, elsewhere };
}

describe('a session that has landed before', () => {
  test('lands the same lines again', async (t) => {
    const { sessions, write, land, onMain } = await setUp(t);
    for (const text of ['first', 'second', 'third']) {
      write(lines(text));
      assert.equal(await land(), 'completed', text);
    }
    write(lines('fourth'));
    assert.equal((await completeSession(sessions, request())).outcome, 'completed');
    assert.equal(onMain(), lines('fourth').trim());
  });

  test('does not bring back what somebody else has taken back', async (t) => {
    const { sessions, workspace, write, land, onMain, elsewhere } = await setUp(t);
    write(lines('mine'));
    await land();
    elsewhere(lines());
    commit(workspace, 'feat: more', { 'src/more.txt': 'more\n' });
    await completeSession(sessions, request());
    assert.equal(onMain(), lines().trim());
    assert.equal(onMain('src/more.txt'), 'more');
  });

  test('still meets what somebody else has done to its lines', async (t) => {
    const { write, land, elsewhere } = await setUp(t);
    write(lines('mine'));
    await land();
    elsewhere(lines('theirs'));
    write(lines('mine again'));
    assert.equal(await land(), 'conflict');
  });

  for (const kind of ['clone', 'worktree'] as const)
    for (const method of ['merge', 'rebase'] as const)
      test(`comes together with main by ${method} in a ${kind}, and keeps what it wrote in its own folder`, async (t) => {
        const { hub, sessions, workspace, write, land, onMain, elsewhere } = await setUp(t, kind);
        const plan = `_AGENTS/sessions/active/${slug}/${activePlanName}`;
        const ticked = readFileSync(join(workspace.directory, plan), 'utf8').replace('[ ]', '[x]');
        commit(workspace, 'docs: tick', { [plan]: ticked });
        write(lines('first'));
        await land();
        write(lines('second'));
        elsewhere(`zero\n${lines('first')}`);
        const { outcome } = await syncSession(sessions, slug, method);
        assert.equal(outcome, 'synced');
        const text = readFileSync(join(workspace.directory, code), 'utf8');
        assert.equal(text, `zero\n${lines('second')}`);
        assert.equal(readFileSync(join(workspace.directory, plan), 'utf8'), ticked);
        assert.equal(await land(), 'completed');
        assert.equal((await syncSession(sessions, slug, method)).outcome, 'synced');
        await completeSession(sessions, request({ unmet: undefined }));
        assert.equal(onMain(), `zero\n${lines('second')}`.trim());
        assert.equal(onMain(plan.replace('/active/', '/completed/')), ticked.trim());
        assert.equal(existsSync(workspace.directory), false);
        assert.equal(hub.git(['fsck', '--strict', '--no-dangling']), '');
      });
});
