import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftSession, readySession, startSession } from './draft-session.ts';
import { hubOf, sessionsOf } from './fixtures.ts';

test('a plan that says by neither title nor goal what its session is for is not planned, and not started', async (t) => {
  const sessions = await sessionsOf(t, hubOf(t));
  const draft = (title: string, text: string) =>
    draftSession(sessions, { title, text, criteria: [], capabilities: [] });
  const code = 'session/plan-incomplete';
  for (const [name, text] of Object.entries({ nothing: '', fields: '**Type:** bug\n\n## Notes\n\nWhy.\n' })) {
    const slug = await draft(name, text);
    await assert.rejects(readySession(sessions, slug), { code, message: /neither a title nor a goal/ });
    assert.equal((await sessions.ledger.session(slug)).state, 'drafting');
    await assert.rejects(startSession(sessions, { title: name, text, criteria: [], capabilities: [] }), {
      code,
    });
  }
  const titled = await draft('titled', '# Session: Start faster\n');
  assert.equal((await readySession(sessions, titled)).length, 1);
  await readySession(sessions, await draft('meant', '## Goal\n\nStart faster.\n'));
});
