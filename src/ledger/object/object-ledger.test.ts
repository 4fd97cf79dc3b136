import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { systemRandom } from '../../base/random.ts';
import type { Head } from '../../session/head.ts';
import type { Session } from '../../session/session.ts';
import { newSessionId } from '../../session/session-id.ts';
import { type Fault, FaultyStore } from '../../storage/faulty-store.ts';
import { MeasuredStore } from '../../storage/measured-store.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { type ObjectStore, StorageError } from '../../storage/object-store.ts';
import { emptyHead, exampleSession, headWith, ledgerOn, prefix } from './fixtures.ts';
import type { ObjectLedger } from './object-ledger.ts';

const open = (store: ObjectStore): ObjectLedger => ledgerOn(store, systemRandom);
const lossy: readonly Fault[] = ['lose-request', 'lose-answer', 'refuse-service'];

async function projectOn(store: ObjectStore): Promise<ObjectLedger> {
  const ledger = open(store);
  await ledger.createProject(emptyHead);
  return ledger;
}

/** Lands `id` as a landing queue does: looks whether it has landed, else tries to move the head, until it has. */
async function land(ledger: ObjectLedger, id: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      const current = await ledger.readHead();
      for (let sequence = current.head.sequence; sequence > 0; sequence--)
        if ((await ledger.readLanding(sequence)).id === id) return;
      if ((await ledger.moveHead(current, headWith(current.head, id))) === 'moved') return;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }
  assert.fail(`${id} never landed`);
}

/** The ids of all landings, oldest first, checked to be a chain without a gap. */
async function landed(ledger: ObjectLedger): Promise<string[]> {
  const { head } = await ledger.readHead();
  const ids: string[] = [];
  let tree = emptyHead.tree;
  for (let sequence = 1; sequence <= head.sequence; sequence++) {
    const landing = await ledger.readLanding(sequence);
    assert.equal(landing.sequence, sequence);
    assert.equal(landing.before, tree);
    ({ tree } = landing);
    ids.push(landing.id);
  }
  assert.equal(head.tree, tree);
  return ids;
}

describe('a project', () => {
  test('is created by one of many who try', async () => {
    const store = new MemoryStore();
    const attempts = Array.from({ length: 20 }, (_, i) => {
      const head: Head = { ...emptyHead, project: { ...emptyHead.project, description: `${i}` } };
      // Every other one does not hear how its write ended.
      const faulty = new FaultyStore(store, i % 2 === 0 ? {} : { faults: new Map([[1, 'lose-answer']]) });
      return open(faulty).createProject(head);
    });
    const results = await Promise.allSettled(attempts);
    const winners = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
    assert.equal(winners.length, 1);
    for (const result of results)
      if (result.status === 'rejected') assert.equal(result.reason.code, 'project/exists');
    assert.equal((await open(store).readHead()).head.project.description, `${winners[0]}`);
  });

  test('that is not there is said to be missing', async () => {
    await assert.rejects(open(new MemoryStore()).readHead(), { code: 'project/not-found' });
  });
});

describe('the head', () => {
  test('is moved by one of many who saw the same', async () => {
    const store = new MemoryStore();
    const ledger = await projectOn(store);
    const current = await ledger.readHead();
    const processes = Array.from({ length: 20 }, () => open(store));
    const seen = await Promise.all(processes.map((process) => process.readHead()));
    const moves = await Promise.all(
      processes.map((process, i) => process.moveHead(seen[i]!, headWith(current.head, `${i}`))),
    );
    assert.equal(moves.filter((move) => move === 'moved').length, 1);
    assert.equal((await landed(ledger))[0], `${moves.indexOf('moved')}`);
  });

  test('moves or does not, whichever operation fails in whatever way, and is told so', async () => {
    for (const fault of lossy) {
      for (let operation = 1, failed = true; failed; operation++) {
        const store = new MemoryStore();
        await land(await projectOn(store), 'first');
        const faulty = new FaultyStore(store, { faults: new Map([[operation, fault]]) });
        const ledger = open(faulty);
        const outcome = await (async () =>
          ledger.moveHead(
            await ledger.readHead(),
            headWith((await open(store).readHead()).head, 'second'),
          ))().catch(() => 'error');
        failed = faulty.operations >= operation;
        const ids = await landed(open(store));
        if (outcome === 'moved') assert.deepEqual(ids, ['first', 'second'], `${fault} at ${operation}`);
        else assert.deepEqual(ids, ['first'], `${fault} at ${operation}: ${outcome}`);
        await land(open(store), 'second');
        assert.deepEqual(await landed(open(store)), ['first', 'second']);
      }
    }
  });

  test('takes each landing exactly once from several who keep trying on a bad network', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom(...lossy)), { maxLength: 25 }),
          {
            minLength: 2,
            maxLength: 5,
          },
        ),
        async (processes) => {
          const store = new MemoryStore();
          await projectOn(store);
          await Promise.all(
            processes.map(async (faults, i) => {
              const ledger = open(new FaultyStore(store, { faults: new Map(faults) }));
              for (let n = 0; n < 3; n++) await land(ledger, `${i}-${n}`);
            }),
          );
          const ids = await landed(open(store));
          assert.equal(ids.length, processes.length * 3);
          assert.equal(new Set(ids).size, ids.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('leaves a copy of every landing behind when it moves on', async () => {
    const store = new MemoryStore();
    const ledger = await projectOn(store);
    for (const ids of [['a', 'b', 'c'], ['d'], ['e', 'f']]) {
      const current = await ledger.readHead();
      assert.equal(await ledger.moveHead(current, headWith(current.head, ...ids)), 'moved');
    }
    const copies = (await Array.fromAsync(store.list(`${prefix}/landings/`))).map(({ key }) => key);
    assert.deepEqual(
      copies,
      [1, 2, 3, 4].map((sequence) => `${prefix}/landings/${sequence}.json`),
    );
    assert.deepEqual(await landed(open(store)), ['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('that a process dies on at any write has all its landings', async () => {
    for (let crashAt = 1, died = true; died; crashAt++) {
      for (const when of ['before', 'after'] as const) {
        const store = new MemoryStore();
        const first = await projectOn(store);
        const start = await first.readHead();
        await first.moveHead(start, headWith(start.head, 'a', 'b'));
        const ledger = open(new FaultyStore(store, { crashAt, when, count: 'writes' }));
        died = await land(ledger, 'c').then(
          () => false,
          () => true,
        );
        await land(open(store), 'c');
        assert.deepEqual(await landed(open(store)), ['a', 'b', 'c']);
      }
    }
  });

  test('has no landing that it has not reached', async () => {
    const ledger = await projectOn(new MemoryStore());
    await land(ledger, 'a');
    for (const sequence of [0, 2, 1e9])
      await assert.rejects(ledger.readLanding(sequence), { code: 'landing/unknown' });
  });

  test('is found with its landing while others move it on', async () => {
    const store = new MemoryStore();
    const ledger = await projectOn(store);
    await land(ledger, '1');
    let done = false;
    const reading = (async () => {
      while (!done) {
        const { head } = await open(store).readHead();
        assert.equal((await open(store).readLanding(head.sequence)).id, `${head.sequence}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let i = 2; i <= 60; i++) await land(ledger, `${i}`);
    done = true;
    await reading;
  });
});

describe('a session', () => {
  test('is created once, changed, listed and forgotten', async () => {
    const ledger = open(new MemoryStore());
    const { id } = exampleSession;
    assert.equal(await ledger.readSession(id), undefined);
    await ledger.createSession(exampleSession);
    await assert.rejects(ledger.createSession(exampleSession), { code: 'session/invalid' });
    const renamed = await ledger.updateSession(id, (session) => ({ ...session, title: 'New' }));
    assert.deepEqual(renamed, { ...exampleSession, title: 'New' });
    const other = { ...exampleSession, id: newSessionId(systemRandom) };
    await ledger.createSession(other);
    assert.equal((await Array.fromAsync(ledger.listSessions())).length, 2);
    await ledger.deleteSession(id);
    assert.deepEqual(await Array.fromAsync(ledger.listSessions()), [other]);
    await assert.rejects(
      ledger.updateSession(id, (session) => session),
      { code: 'session/not-found' },
    );
  });

  test('keeps every change of many who make one at once', async () => {
    const store = new MemoryStore();
    await open(store).createSession({ ...exampleSession, worklog: [] });
    await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        open(store).updateSession(exampleSession.id, (session) => ({
          ...session,
          worklog: [...session.worklog, { atMs: 1, author: 'ada', text: `${i}` }],
        })),
      ),
    );
    const { worklog } = (await open(store).readSession(exampleSession.id))!;
    assert.deepEqual(
      worklog.map(({ text }) => Number(text)).sort((a, b) => a - b),
      Array.from({ length: 16 }, (_, i) => i),
    );
  });

  test('is not written when nothing has changed', async () => {
    const store = new MemoryStore();
    await open(store).createSession(exampleSession);
    const counting = new FaultyStore(store, { count: 'writes' });
    await open(counting).updateSession(exampleSession.id, (session) => session);
    assert.equal(counting.operations, 0);
  });

  test('is changed with one request after it was read, and whatever others did since stays', async () => {
    const store = new MeasuredStore(new MemoryStore());
    const [ledger, other] = [await projectOn(store), open(store)];
    const { id } = exampleSession;
    await ledger.createSession(exampleSession);
    const requests = async (work: () => Promise<unknown>) => {
      const before = store.snapshot();
      await work();
      const after = store.snapshot();
      return [
        after.get.requests - before.get.requests,
        after.compareAndSwap.requests - before.compareAndSwap.requests,
      ];
    };
    const addGoal = (goal: string) => (session: Session) => ({ ...session, goal: `${session.goal} ${goal}` });
    assert.deepEqual(await requests(() => ledger.updateSession(id, addGoal('one'))), [0, 1]);
    await other.updateSession(id, addGoal('two'));
    // The version that it knows is no longer there: refused, read, written.
    assert.deepEqual(await requests(() => ledger.updateSession(id, addGoal('three'))), [1, 2]);
    assert.equal((await other.readSession(id))?.goal, `${exampleSession.goal} one two three`);
    // What is left as it is, or refused, is judged on what is there.
    await other.updateSession(id, addGoal('four'));
    const isFinished = (session: Session) => {
      if (!session.goal.endsWith('four')) throw new Error('Not yet.');
      return session;
    };
    assert.match((await ledger.updateSession(id, isFinished)).goal, /four$/);
    assert.match((await ledger.updateSession(id, (session) => session)).goal, /four$/);
  });

  test('passes on what its change throws, and stays as it was', async () => {
    const ledger = open(new MemoryStore());
    await ledger.createSession(exampleSession);
    const refuse = () => {
      throw new RangeError('no');
    };
    await assert.rejects(ledger.updateSession(exampleSession.id, refuse), RangeError);
    assert.deepEqual(await ledger.readSession(exampleSession.id), exampleSession);
  });
});
