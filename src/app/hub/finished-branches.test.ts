import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { ScratchRepository, scratchGit } from '../../git/scratch-repository.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { completeSession } from './complete.ts';
import { commit, git, hubOf, other, placed, request, sessionsOf, slug } from './fixtures.ts';
import { abandonSession } from './leave-session.ts';
import { pushMain } from './push-main.ts';
import { hubStatus } from './status.ts';
import { type SyncReport, type SyncRequest, syncHub } from './sync.ts';

const agent = { name: 'Ada', email: 'ada@example.org' };

function cloudOf(t: TestContext, hub: ScratchRepository): ScratchRepository {
  const cloud = ScratchRepository.create(t);
  hub.git(['remote', 'add', 'origin', cloud.directory]);
  return cloud;
}

function sync(hub: ScratchRepository, more: Partial<SyncRequest> = {}): Promise<SyncReport> {
  const request: SyncRequest = {
    ...{ directory: hub.directory, remote: undefined, how: 'merge', besides: ['sessions'], effect: 'move' },
    ...more,
  };
  return syncHub({ git: scratchGit, agent, clock: systemClock }, request);
}

const branches = (cloud: ScratchRepository) =>
  cloud.git(['for-each-ref', '--format=%(refname:short)', 'refs/heads/session']);

/** Two sessions that have pushed their branches, here and there. */
async function pushed(t: TestContext) {
  const hub = hubOf(t);
  const cloud = cloudOf(t, hub);
  const sessions = await sessionsOf(t, hub);
  const workspaces: GitWorkspace[] = [];
  for (const which of [slug, other]) {
    const workspace = await placed(sessions, 'clone', which);
    commit(workspace, 'feat: a', { [`${which}.txt`]: '1\n' });
    git(workspace.directory, 'push', '-q', 'upstream', 'HEAD');
    workspaces.push(workspace);
  }
  await sync(hub);
  assert.equal(branches(cloud), `session/${slug}\nsession/${other}`);
  return { hub, cloud, sessions, workspaces };
}

test('branches of sessions that are over go at the remote, once all their commits are kept', async (t) => {
  const { hub, cloud, sessions } = await pushed(t);
  await completeSession(sessions, request());
  await abandonSession(sessions, other, 'not now');
  // Somebody has gone on at the remote: what is only there stays there.
  const theirs = ScratchRepository.create(t, { bare: false });
  theirs.git(['fetch', '-q', cloud.directory, `session/${other}`]);
  const more = theirs.git(['commit-tree', '-p', 'FETCH_HEAD', '-m', 'more', 'FETCH_HEAD^{tree}']);
  theirs.git(['push', '-q', cloud.directory, `${more}:refs/heads/session/${other}`]);

  const tried = await sync(hub, { effect: 'try' });
  const untouched = await sync(hub, { besides: [] });
  assert.deepEqual(untouched.finished.deleted, [], 'only where it is asked for');
  assert.equal(branches(cloud), `session/${slug}\nsession/${other}`);
  const done = await sync(hub);
  assert.deepEqual(tried.finished, done.finished);
  assert.deepEqual(done.finished, { deleted: [`refs/heads/session/${slug}`], refused: undefined });
  assert.equal(branches(cloud), `session/${other}`);
  assert.equal(hub.git(['for-each-ref', `refs/remotes/origin/session/${slug}`]), '');
  // Once the hub keeps that as well, nobody needs the branch.
  hub.git(['update-ref', `refs/sessions/${other}/earlier/1`, more]);
  assert.deepEqual((await sync(hub)).finished.deleted, [`refs/heads/session/${other}`]);
  assert.equal(branches(cloud), '');
  // And it is not pushed again, though the hub has a branch of it.
  assert.notEqual(hub.git(['for-each-ref', `refs/heads/session/${other}`]), '');
  assert.deepEqual((await sync(hub)).sessions, []);
  assert.equal(branches(cloud), '');
  const { sessions: standing } = await hubStatus(scratchGit, hub.directory, undefined);
  assert.deepEqual(standing, []);
});

test('a branch of a session that goes on stays, and so do all where the remote deletes none', async (t) => {
  const { hub, cloud, sessions } = await pushed(t);
  assert.deepEqual((await sync(hub)).finished.deleted, []);
  await completeSession(sessions, request());
  cloud.git(['config', 'receive.denyDeletes', 'true']);
  const { finished } = await sync(hub);
  assert.deepEqual(finished.deleted, []);
  assert.match(finished.refused ?? '', /deletion prohibited/);
  assert.equal(
    cloud.git(['rev-parse', 'main']),
    hub.git(['rev-parse', 'main']),
    'main is there all the same',
  );
  assert.equal(branches(cloud), `session/${slug}\nsession/${other}`);
});

test('a completion that pushes main deletes the branch of its session there', async (t) => {
  const { cloud, sessions } = await pushed(t);
  await completeSession(sessions, request());
  const done = await pushMain(sessions, slug);
  assert.ok(done.outcome === 'pushed');
  assert.deepEqual(done.finished.deleted, [`refs/heads/session/${slug}`]);
  assert.equal(branches(cloud), `session/${other}`);
});
