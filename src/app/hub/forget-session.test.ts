import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Clock } from '../../base/clock.ts';
import { asideOf } from '../../workspace/git/set-aside.ts';
import { completeSession } from './complete.ts';
import { commit, hubOf, other, placed, request, sessionsOf, slug } from './fixtures.ts';
import { forgetKept, keptLongerThan, keptOfSession } from './forget-session.ts';
import type { HubSessions } from './hub-sessions.ts';
import { abandonSession, releaseSession, removeSessionWorkspace, restoreSession } from './leave-session.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** The same sessions, some days later. */
function later(sessions: HubSessions, days: number): HubSessions {
  const clock: Clock = { now: () => Date.now() + days * dayMs };
  return Object.create(sessions, {
    hub: { value: sessions.hub },
    surroundings: { value: { ...sessions.surroundings, clock } },
    ledger: { value: sessions.ledger },
    main: { value: () => sessions.main() },
  }) as HubSessions;
}

test('what is kept is told with what would be lost, and deleted; never of a session that is at work', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  const workspace = await placed(sessions);
  commit(workspace, 'feat: a', { 'a.txt': 'a\n' });
  writeFileSync(join(workspace.directory, '.gitignore'), '.sessions/\n*.local\n');
  writeFileSync(join(workspace.directory, 'notes.local'), 'noted\n');
  await assert.rejects(keptOfSession(sessions, other), { code: 'session/nothing-kept' });
  await removeSessionWorkspace(sessions, slug, 'keep');
  await assert.rejects(keptOfSession(sessions, slug), { code: 'session/at-work' });
  await abandonSession(sessions, slug, 'not now');
  const kept = await keptOfSession(sessions, slug);
  assert.deepEqual(kept.refs, [`refs/sessions/${slug}/commits`, `refs/sessions/${slug}/uncommitted`]);
  assert.equal(kept.commits, 2);
  assert.deepEqual(
    kept.aside.map(({ files, bytes }) => [files, bytes]),
    [[1, 6]],
  );
  // Somebody takes it up again before it is deleted.
  await restoreSession(sessions, slug, { kind: 'clone' });
  await assert.rejects(forgetKept(sessions, kept), { code: 'session/at-work' });
  assert.notEqual(hub.git(['for-each-ref', `refs/sessions/${slug}`]), '');
  await removeSessionWorkspace(sessions, slug, 'keep');
  await abandonSession(sessions, slug, 'not now');
  await forgetKept(sessions, await keptOfSession(sessions, slug));
  assert.equal(hub.git(['for-each-ref', `refs/sessions/${slug}`]), '');
  assert.deepEqual(asideOf(await hub.open(), slug), []);
  assert.equal((await sessions.ledger.session(slug)).state, 'abandoned');
});

test('by age go sessions that are over and that nothing has happened to', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  const first = await placed(sessions);
  commit(first, 'feat: a', { 'a.txt': 'a\n' });
  await completeSession(sessions, request());
  const second = await placed(sessions, 'clone', other);
  commit(second, 'feat: b', { 'b.txt': 'b\n' });
  await releaseSession(sessions, other, 'remove');
  const slugs = async (days: number) =>
    (await keptLongerThan(later(sessions, days), 30)).map((kept) => kept.slug);
  assert.deepEqual(await slugs(29), []);
  // The other one is planned: whoever claims it goes on with what is kept.
  assert.deepEqual(await slugs(31), [slug]);
  const [kept] = await keptLongerThan(later(sessions, 31), 30);
  assert.deepEqual([kept?.state, kept?.commits], ['completed', 1]);
});
