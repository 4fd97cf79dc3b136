import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointSession } from './checkpoint.ts';
import { agent, memoryProject, treeWith } from './fixtures.ts';
import { startSession } from './start.ts';

test('files that others have recorded since are not recorded over', async () => {
  const project = await memoryProject();
  const session = await startSession(project, { title: 'Work', goal: 'Get it done', agent });
  const [theirs, ours] = [
    await treeWith(project, session.tree, { a: 'theirs' }),
    await treeWith(project, session.tree, { a: 'ours' }),
  ];
  const first = await checkpointSession(project, session, theirs, '');
  assert.deepEqual([first.outcome, first.session.tree], ['recorded', theirs]);
  const second = await checkpointSession(project, session, ours, 'a note');
  assert.deepEqual(second, { outcome: 'moved', session: first.session });
  assert.deepEqual(await project.ledger.readSession(session.id), first.session);
  // Who has seen them may go on from there.
  const third = await checkpointSession(project, second.session, ours, '');
  assert.deepEqual([third.outcome, third.session.tree], ['recorded', ours]);
});
