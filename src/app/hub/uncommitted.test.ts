import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeSession } from './complete.ts';
import { commit, git, hubOf, placed, request, sessionsOf } from './fixtures.ts';

test('in the middle of a merge, what is in conflict is named first, and how the merge goes on', async (t) => {
  const sessions = await sessionsOf(t, hubOf(t));
  const workspace = await placed(sessions);
  const { directory } = workspace;
  const many = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`file-${i + 10}`, `${i}\n`]));
  git(directory, 'checkout', '-q', '-b', 'side');
  commit(workspace, 'feat: side', { ...many, z: 'side\n' });
  git(directory, 'checkout', '-q', '-');
  commit(workspace, 'feat: z', { z: 'own\n' });
  assert.throws(() => git(directory, 'merge', '-q', 'side'));
  await assert.rejects(completeSession(sessions, request()), (error: Error) => {
    assert.match(
      error.message,
      /not committed:\n {2}AA z\n {2}A {2}file-10\n[\s\S]*\n {2}and 6 more\nA merge is under way/,
    );
    assert.match(error.message, /"git merge --continue"/);
    return true;
  });
});
