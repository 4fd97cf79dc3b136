import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryProject, treeWith } from './fixtures.ts';
import { startSession } from './start.ts';
import { TimelyLedger } from './timely-ledger.ts';

const hourMs = 60 * 60 * 1000;

/** A project with a session, whose clock a test moves. */
async function project() {
  const inMemory = await memoryProject();
  let passedMs = 0;
  const clock = { now: () => Date.UTC(2026, 0, 1, 1) + passedMs };
  Object.assign(inMemory.blobs, { clock });
  const timely = { ...inMemory, clock, ledger: new TimelyLedger(inMemory.ledger, inMemory.blobs) };
  const agent = { name: 'ada', email: 'ada@example.org' };
  const session = await startSession(timely, { title: 'Work', goal: 'Get it done', agent });
  return { ...timely, session, pass: (hours: number) => (passedMs += hours * hourMs) };
}

describe('a tree that this process has written', () => {
  test('is not recorded when more than 12 hours have passed, and nothing has changed', async () => {
    const { session, pass, ...timely } = await project();
    const tree = await treeWith(timely, session.tree, { a: 'a' });
    pass(13);
    const { ledger } = timely;
    const record = ledger.updateSession(session.id, (current) => ({ ...current, tree }));
    await assert.rejects(record, { code: 'blob/too-slow' });
    const current = await ledger.readHead();
    await assert.rejects(ledger.moveHead(current, { ...current.head, tree }), { code: 'blob/too-slow' });
    await assert.rejects(ledger.createSession({ ...session, tree }), { code: 'blob/too-slow' });
    assert.deepEqual(await ledger.readSession(session.id), session);
    assert.deepEqual(await ledger.readHead(), current);
  });

  test('is recorded in time, and again at any time afterwards', async () => {
    const { session, pass, ...timely } = await project();
    const tree = await treeWith(timely, session.tree, { a: 'a' });
    pass(11);
    await timely.ledger.updateSession(session.id, (current) => ({ ...current, tree }));
    pass(100);
    await timely.ledger.createSession({ ...session, tree });
    const current = await timely.ledger.readHead();
    assert.equal(await timely.ledger.moveHead(current, { ...current.head, tree }), 'moved');
  });

  test('must be written anew to be recorded late', async () => {
    const { session, pass, ...timely } = await project();
    const tree = await treeWith(timely, session.tree, { a: 'a' });
    pass(13);
    await treeWith(timely, session.tree, { a: 'a' });
    await timely.ledger.createSession({ ...session, tree });
  });
});
