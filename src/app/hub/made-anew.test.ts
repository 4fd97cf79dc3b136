import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { file } from '../../git/scratch-repository.ts';
import { findGitWorkspace } from '../../workspace/git/workspace-record.ts';
import { placeClaimed } from './claim-session.ts';
import { commit, git, hubOf, placed, sessionsOf, slug } from './fixtures.ts';
import { releaseSession } from './leave-session.ts';

const conf = '_AGENTS/sessions/_config/untracked-files.conf';

for (const kind of ['clone', 'worktree'] as const) {
  test(`a ${kind} in which nothing was committed is made again from the newest main`, async (t) => {
    const hub = hubOf(t);
    const sessions = await sessionsOf(t, hub);
    await placed(sessions, kind);
    await releaseSession(sessions, slug, 'remove');
    writeFileSync(join(hub.directory, 'newer.txt'), 'newer\n');
    hub.git(['add', 'newer.txt']);
    hub.git(['commit', '-qm', 'newer']);
    const again = await placed(sessions, kind);
    assert.equal(git(again.directory, 'rev-parse', 'HEAD'), hub.git(['rev-parse', 'main']));
    assert.equal(git(again.directory, 'status', '--porcelain'), '');
    assert.equal(again.record.base, hub.git(['rev-parse', 'main']));

    // What was not committed belongs to the commit that it was made on.
    const before = git(again.directory, 'rev-parse', 'HEAD');
    writeFileSync(join(again.directory, 'newer.txt'), 'edited\n');
    await releaseSession(sessions, slug, 'remove');
    hub.git(['rm', '-q', 'newer.txt']);
    hub.git(['commit', '-qm', 'older']);
    const edited = await placed(sessions, kind);
    assert.equal(git(edited.directory, 'rev-parse', 'HEAD'), before);
    assert.equal(readFileSync(join(edited.directory, 'newer.txt'), 'utf8'), 'edited\n');

    commit(edited, 'feat: work', { 'newer.txt': 'edited\n' });
    const head = git(edited.directory, 'rev-parse', 'HEAD');
    await releaseSession(sessions, slug, 'remove');
    const own = await placed(sessions, kind);
    assert.equal(git(own.directory, 'rev-parse', 'HEAD'), head);
  });
}

test('a workspace without its untracked files is named, and gets them once the fault is mended as it says', async (t) => {
  const hub = hubOf(t, { more: new Map([[conf, file('copy:.env\n')]]) });
  const sessions = await sessionsOf(t, hub);
  writeFileSync(join(hub.directory, '.env'), 'A=1\n');
  await sessions.claim(slug);
  const directory = join(hub.directory, '.sessions', slug);
  await assert.rejects(placeClaimed(sessions, slug, { kind: 'clone' }), (error: Error) => {
    assert.match(error.message, /has the workspace .*\/\.sessions\/\S+, which is not complete/);
    assert.match(error.message, /Add this line to \.gitignore there and commit it: \/\.env/);
    return true;
  });
  assert.ok(!existsSync(join(directory, '.env')));
  const workspace = await findGitWorkspace(sessions.surroundings.git, directory);
  commit(workspace!, 'chore: ignore it', { '.gitignore': '.sessions/\n.env\n' });
  await placeClaimed(sessions, slug, { kind: 'clone' });
  assert.equal(readFileSync(join(directory, '.env'), 'utf8'), 'A=1\n');
});
