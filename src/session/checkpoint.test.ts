import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointSession, unaskedNote } from './checkpoint.ts';
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

test('a checkpoint that nobody asked for is as any other once somebody asks, and before goes first', async () => {
  const project = await memoryProject();
  let session = await startSession(project, { title: 'Work', goal: 'Get it done', agent });
  const { worklog } = session;
  const record = async (text: string, note: string): Promise<string[]> => {
    const tree = await treeWith(project, session.tree, { a: text });
    session = (await checkpointSession(project, session, tree, note)).session;
    assert.equal(session.tree, tree);
    return session.checkpoints.map((checkpoint) => `${checkpoint.number} ${checkpoint.note}`.trimEnd());
  };
  const unasked = (number: number): string => `${number} ${unaskedNote}`;
  assert.deepEqual(await record('1', unaskedNote), [unasked(1)]);
  assert.deepEqual(await record('2', unaskedNote), [unasked(1), unasked(2)]);
  assert.deepEqual(await record('2', unaskedNote), [unasked(1), unasked(2)]);
  assert.deepEqual(session.worklog, worklog);
  assert.deepEqual(await record('2', ''), [unasked(1), '2']);
  assert.deepEqual(await record('2', ''), [unasked(1), '2']);
  assert.deepEqual(await record('3', unaskedNote), [unasked(1), '2', unasked(3)]);
  assert.deepEqual(await record('3', 'good'), [unasked(1), '2', '3 good']);
  assert.equal(session.worklog.length, worklog.length + 2);
  for (let number = 4; number <= 500; number++) await record(`${number}`, unaskedNote);
  assert.deepEqual((await record('501', '')).slice(0, 3), ['2', '3 good', unasked(4)]);
});
