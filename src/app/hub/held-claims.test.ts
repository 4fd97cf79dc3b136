import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { scratchEnvironment, scratchGit, temporaryDirectory } from '../../git/scratch-repository.ts';
import { parseSlug } from '../../session/plan/slug.ts';
import { claimSession } from './claim-session.ts';
import { completeSession } from './complete.ts';
import { hubOf, placed, request, sessionsOf, slug } from './fixtures.ts';
import { HubSessions } from './hub-sessions.ts';
import { releaseSession } from './leave-session.ts';

test('who does not have a session is told how it is had', async (t) => {
  const sessions = await sessionsOf(t, hubOf(t));
  const refused = (message: RegExp) =>
    assert.rejects(sessions.requireHeld(slug), { code: 'session/not-held', message });
  await refused(/nobody has claimed it\. "mic session claim/);
  await placed(sessions);
  await completeSession(sessions, request());
  await refused(/it is completed\. "mic session show/);
  await assert.rejects(sessions.requireHeld(parseSlug('2026-11-21-nothing')), { code: 'session/not-found' });
});

test('a machine that has a session already says where to go on, and does not claim it again', async (t) => {
  const hub = hubOf(t);
  const sessions = await sessionsOf(t, hub);
  await claimSession(sessions, slug, 'claim');
  await assert.rejects(claimSession(sessions, slug, 'claim'), {
    code: 'session/claim-lost',
    message: /for Grace\. If that is you, .*mic session path/,
  });
});

test('a shell of an earlier claim writes nothing, but may claim anew', async (t) => {
  const hub = hubOf(t);
  const first = await sessionsOf(t, hub);
  await placed(first);
  const environment = {
    ...scratchEnvironment,
    SESSION_SLUG: slug,
    SESSION_CLAIM: first.held.get(slug)?.token.id,
  };
  await releaseSession(first, slug, 'remove');
  const shell = await HubSessions.open(hub.directory, {
    git: scratchGit,
    agent: first.surroundings.agent,
    clock: systemClock,
    environment,
    state: temporaryDirectory(t),
  });
  t.after(() => shell.close());
  await placed(shell);
  const next = await HubSessions.open(hub.directory, shell.surroundings);
  t.after(() => next.close());
  await assert.rejects(next.requireHeld(slug), {
    code: 'session/claim-lost',
    message: /source the \.session-env/,
  });
});

test('what a killed process had half written of a claim goes with it', async (t) => {
  const sessions = await sessionsOf(t, hubOf(t));
  const folder = join(sessions.hub.gitDirectory, 'micelio/held');
  await placed(sessions);
  const gone = spawnSync(process.execPath, ['-e', '0']).pid;
  for (const name of [`${slug}.json.new`, `${slug}.${gone}.taking.new`])
    writeFileSync(join(folder, name), '');
  assert.deepEqual(sessions.held.announced(slug), []);
  await completeSession(sessions, request());
  assert.deepEqual(readdirSync(folder), []);
});
