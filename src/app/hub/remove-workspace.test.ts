import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { file, type ScratchRepository } from '../../git/scratch-repository.ts';
import { asideOf } from '../../workspace/git/set-aside.ts';
import { asideBytesMax } from '../../workspace/git/unkept-files.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { completeSession } from './complete.ts';
import { commit, git, hubOf, placed, request, sessionsOf, slug } from './fixtures.ts';
import { abandonSession, releaseSession, removeSessionWorkspace, restoreSession } from './leave-session.ts';

const config = '_AGENTS/sessions/_config';
/** In no object of git, whatever an agent does to the file that it is in. */
const secret = 'hunter-2-and-more';

/** A hub whose sessions get a copy, a link, and a file with a secret in it. */
function provisioningHub(t: TestContext): ScratchRepository {
  const hub = hubOf(t, {
    more: new Map([
      ['.gitignore', file('.sessions/\n.worktrees/\n.env*\nnode_modules\n*.local\n/data/\n')],
      [
        `${config}/untracked-files.conf`,
        file('copy:.env\ncopy:untouched.local\ntemplate:env.j2:.env.session\nsymlink:node_modules\n'),
      ],
      [`${config}/secrets.conf`, file('TOKEN = printf %s-%s hunter-2 and-more\n')],
      ['env.j2', file('TOKEN={{ secret.TOKEN }}\n')],
    ]),
  });
  writeFileSync(join(hub.directory, '.env'), 'STAGE=main\n');
  writeFileSync(join(hub.directory, 'untouched.local'), 'as it was\n');
  mkdirSync(join(hub.directory, 'node_modules'));
  writeFileSync(join(hub.directory, 'node_modules/index.js'), 'shared\n');
  return hub;
}

const allObjects = (hub: ScratchRepository) => hub.git(['cat-file', '--batch', '--batch-all-objects']);

const write = ({ directory }: GitWorkspace, path: string, text: string) =>
  writeFileSync(join(directory, path), text);

for (const kind of ['clone', 'worktree'] as const) {
  test(`of a ${kind}: what was provisioned goes unless it was edited, and a secret is never kept`, async (t) => {
    const hub = provisioningHub(t);
    const sessions = await sessionsOf(t, hub);
    const workspace = await placed(sessions, kind);
    assert.match(readFileSync(join(workspace.directory, '.env.session'), 'utf8'), new RegExp(secret));
    write(workspace, '.env', 'STAGE=mine\n');
    write(workspace, '.env.session', `TOKEN=${secret}\nMORE=1\n`);
    write(workspace, 'notes.local', 'noted\n');
    const { aside, gone } = await removeSessionWorkspace(sessions, slug, 'keep');
    assert.equal(aside?.files, 2, '.env and notes.local');
    assert.deepEqual(
      gone.map(({ path, reason }) => [path, reason]),
      [['.env.session', 'secret']],
    );
    assert.ok(existsSync(join(hub.directory, 'node_modules/index.js')));
    const { workspace: again, aside: left } = await restoreSession(sessions, slug, { kind });
    const read = (path: string) => readFileSync(join(again.directory, path), 'utf8');
    assert.deepEqual(
      ['.env', 'notes.local', 'untouched.local', 'node_modules/index.js', '.env.session'].map(read),
      ['STAGE=mine\n', 'noted\n', 'as it was\n', 'shared\n', `TOKEN=${secret}\n`],
    );
    assert.deepEqual(left, []);
  });

  test(`of a ${kind}: a secret does not come into git, though nothing ignores it any more`, async (t) => {
    const hub = provisioningHub(t);
    const sessions = await sessionsOf(t, hub);
    const workspace = await placed(sessions, kind);
    write(workspace, '.gitignore', '.sessions/\n');
    write(workspace, 'new.txt', 'new\n');
    await abandonSession(sessions, slug, 'not now');
    assert.equal(hub.git(['show', `refs/sessions/${slug}/uncommitted:new.txt`]), 'new');
    write(workspace, '.env', 'STAGE=mine\n');
    const { gone, aside } = await removeSessionWorkspace(sessions, slug, 'keep');
    assert.ok(!allObjects(hub).includes(secret));
    assert.ok(!allObjects(hub).includes('STAGE'));
    assert.deepEqual(gone, [], 'the secret was not edited');
    assert.equal(readFileSync(join(aside!.directory, '.env'), 'utf8'), 'STAGE=mine\n');
  });
}

test('a workspace that was not provisioned to the end is, when it is asked for again', async (t) => {
  const hub = provisioningHub(t);
  const sessions = await sessionsOf(t, hub);
  rmSync(join(hub.directory, '.env'));
  await sessions.claim(slug);
  await assert.rejects(sessions.place(slug, { kind: 'clone' }), { code: /^provision/ });
  writeFileSync(join(hub.directory, '.env'), 'STAGE=main\n');
  const { workspace, provisioned } = await sessions.place(slug, { kind: 'clone' });
  assert.equal(readFileSync(join(workspace.directory, '.env'), 'utf8'), 'STAGE=main\n');
  assert.ok(provisioned);
  write(workspace, '.env', 'STAGE=mine\n');
  assert.equal((await sessions.place(slug, { kind: 'clone' })).provisioned, undefined, 'and once');
});

test('what an agent has staged of a provisioned file is left out of what is kept', async (t) => {
  const hub = provisioningHub(t);
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions);
  git(workspace.directory, 'add', '-f', '.env.session');
  write(workspace, 'new.txt', 'new\n');
  await removeSessionWorkspace(sessions, slug, 'keep');
  assert.equal(hub.git(['ls-tree', '--name-only', `refs/sessions/${slug}/uncommitted`, '.env.session']), '');
  assert.ok(!allObjects(hub).includes(secret));
});

test('a completion says what became of ignored files, and leaves a workspace that has too much of them', async (t) => {
  const hub = provisioningHub(t);
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions);
  commit(workspace, 'feat: a', { 'a.txt': 'a\n' });
  mkdirSync(join(workspace.directory, 'data'));
  write(workspace, 'data/dump', '');
  truncateSync(join(workspace.directory, 'data/dump'), asideBytesMax + 1);
  // Nothing is given back, either.
  await assert.rejects(releaseSession(sessions, slug, 'remove'), { code: 'workspace/cannot-keep' });
  assert.ok(await sessions.isHeld(slug));
  const done = await completeSession(sessions, request());
  assert.ok(done.outcome === 'completed' && done.workspace?.outcome === 'stays');
  assert.equal(hub.git(['show', 'main:a.txt']), 'a');
  assert.ok(existsSync(join(workspace.directory, 'data/dump')));
  const { gone } = await removeSessionWorkspace(sessions, slug, 'drop');
  assert.deepEqual(
    gone.map(({ path, reason }) => [path, reason]),
    [['data', 'dropped']],
  );
  assert.deepEqual(asideOf(await hub.open(), slug), []);
});
