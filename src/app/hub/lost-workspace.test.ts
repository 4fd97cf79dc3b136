import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../git/scratch-repository.ts';
import { noteMaking } from '../../workspace/git/half-done.ts';
import { completeSession, landSession } from './complete.ts';
import { commit, git, hubOf, placed, request, sessionsOf, slug } from './fixtures.ts';
import { abandonSession, releaseSession, removeSessionWorkspace, restoreSession } from './leave-session.ts';
import { repairWorkspaces } from './repair.ts';

const lost = (message: RegExp) => ({ code: 'session/workspace-lost', message });

test('a workspace whose directory is gone is not passed over; made anew it has what was committed', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions, 'worktree');
  commit(workspace, 'feat: x', { x: 'x\n' });
  rmSync(workspace.directory, { recursive: true });
  const main = hub.git(['rev-parse', 'main']);
  await assert.rejects(completeSession(sessions, request()), lost(/not there any more.*session path/s));
  await assert.rejects(landSession(sessions, { slug, message: undefined }), lost(/not there any more/));
  assert.equal(hub.git(['rev-parse', 'main']), main);
  const again = await sessions.place(slug, {});
  assert.deepEqual([again.isNew, again.workspace.record.kind], [true, 'worktree']);
  assert.equal(readFileSync(join(again.workspace.directory, 'x'), 'utf8'), 'x\n');
  assert.equal((await completeSession(sessions, request())).outcome, 'completed');
  assert.equal(hub.git(['show', 'main:x']), 'x');
});

test('a workspace that was removed in order may be completed without', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  commit(await placed(sessions, 'worktree'), 'feat: x', { x: 'x\n' });
  await removeSessionWorkspace(sessions, slug, 'keep');
  await completeSession(sessions, request());
  assert.equal(hub.git(['show', 'main:x']), 'x');
});

test('files in the place of a workspace that git does not know are neither passed over nor built over', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  const { directory } = await placed(sessions);
  writeFileSync(join(directory, 'new'), 'mine\n');
  rmSync(join(directory, '.git'), { recursive: true });
  const refused = lost(/git finds none there.*session repair/s);
  await assert.rejects(completeSession(sessions, request()), refused);
  await assert.rejects(releaseSession(sessions, slug, 'remove'), refused);
  await assert.rejects(abandonSession(sessions, slug, 'no'), refused);
  await assert.rejects(sessions.place(slug, {}), refused);
  assert.equal(readFileSync(join(directory, 'new'), 'utf8'), 'mine\n');
  // So is a file.
  renameSync(directory, `${directory}-meanwhile`);
  writeFileSync(directory, '');
  await assert.rejects(completeSession(sessions, request()), refused);
  rmSync(directory);
  renameSync(`${directory}-meanwhile`, directory);
  // As the message says.
  renameSync(directory, `${directory}-aside`);
  assert.ok((await sessions.place(slug, {})).isNew);
});

test('a worktree that was half made when its process was killed is no obstacle', async (t) => {
  const sessions = await sessionsOf(t, hubOf(t));
  const { directory } = await placed(sessions, 'worktree');
  await removeSessionWorkspace(sessions, slug, 'keep');
  noteMaking(sessions.hub, slug, directory);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'a.txt'), '');
  assert.equal((await sessions.place(slug, {})).workspace.directory, directory);
});

test('with the hub moved, a worktree is not passed over, and repaired it goes on', async (t) => {
  const hub = hubOf(t);
  const first = await sessionsOf(t, hub);
  const workspace = await placed(first, 'worktree');
  commit(workspace, 'feat: x', { x: 'x\n' });
  writeFileSync(join(workspace.directory, 'unc'), 'uncommitted\n');
  const moved = join(temporaryDirectory(t), 'moved');
  renameSync(hub.directory, moved);
  mkdirSync(hub.directory);
  const at = { ...hub, directory: moved } as typeof hub;
  const sessions = await sessionsOf(t, at);
  await assert.rejects(completeSession(sessions, request()), lost(/git finds none there/));
  await assert.rejects(releaseSession(sessions, slug, 'keep'), lost(/git finds none there/));
  await assert.rejects(sessions.place(slug, {}), lost(/git finds none there/));
  await repairWorkspaces(sessions.surroundings.git, moved);
  const { directory } = (await sessions.workspaceOf(slug))!;
  assert.equal(git(directory, 'status', '--porcelain'), '?? unc');
  await assert.rejects(completeSession(sessions, request()), { code: 'session/uncommitted' });
});

test('what takes the place of its worktree is restored as one', async (t) => {
  const sessions = await sessionsOf(t, hubOf(t));
  const { directory } = await placed(sessions, 'worktree');
  rmSync(directory, { recursive: true });
  await releaseSession(sessions, slug, 'remove');
  const { workspace } = await restoreSession(sessions, slug, {});
  assert.equal(workspace.record.kind, 'worktree');
  assert.ok(existsSync(join(directory, '.git')));
});
