import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clock, systemClock } from '../src/base/clock.ts';
import { checkProject } from '../src/session/check-project.ts';
import { checkpointSession } from '../src/session/checkpoint.ts';
import { collectGarbage } from '../src/session/collect-garbage.ts';
import { copyProject, type ProjectCopied } from '../src/session/copy/copy-project.ts';
import { removeSession } from '../src/session/keep.ts';
import { landSession } from '../src/session/landing/land-session.ts';
import { addDecision, addMessage } from '../src/session/record.ts';
import type { Session } from '../src/session/session.ts';
import { FaultyStore, SimulatedCrash } from '../src/storage/faulty-store.ts';
import { MeasuredStore } from '../src/storage/measured-store.ts';
import { MemoryStore } from '../src/storage/memory-store.ts';
import type { ObjectStore } from '../src/storage/object-store.ts';
import type { CrashOptions } from './landing.conformance.ts';
import { type Files, openTestProject, type TestProject, writeFiles } from './test-project.ts';

async function record(project: TestProject, session: Session, files: Files): Promise<void> {
  await checkpointSession(project, session, await writeFiles(project, session.tree, files), '');
}

async function land(project: TestProject, files: Files): Promise<Session> {
  const session = await project.start();
  await record(project, session, files);
  const { outcome } = await landSession(project, project.landings, { session: session.id, message: 'Land' });
  assert.equal(outcome, 'landed');
  return session;
}

/** A project with landings, and sessions in every state. */
async function busyProject(store: ObjectStore = new MemoryStore(), clock: Clock = systemClock) {
  const large = 'x'.repeat(1024).concat(...Array.from({ length: 1500 }, (_, i) => `${i}`.padEnd(1024)));
  const project = await openTestProject(
    { 'a.txt': 'a\n', 'd/b.txt': 'b\n', 'large.txt': large },
    store,
    clock,
  );
  for (let i = 0; i < 3; i++) await land(project, { 'a.txt': `${i}\n`, [`new/${i}.txt`]: `new ${i}\n` });
  const open = await project.start();
  await addMessage(project, open.id, 'ada', 'How is this meant?');
  await addDecision(project, open.id, 'ada', { what: 'this', why: 'that', alternatives: [] });
  await record(project, open, { 'c.txt': 'c\n' });
  const removed = await project.start();
  await record(project, removed, { 'r.txt': 'r\n' });
  await removeSession(project, removed.id, 'ada', 30, null);
  return { project, open, removed };
}

function copy(from: TestProject, to: TestProject): Promise<ProjectCopied> {
  return copyProject(from, to, { mode: 'copy', near: 'from' });
}

async function requireWhole(project: TestProject): Promise<void> {
  const { damagedPacks, lostDocuments, missing } = await checkProject(project);
  assert.deepEqual([damagedPacks, lostDocuments, missing], [[], [], []]);
}

/** The sessions, but for where their trees lie: that is another place in each store. */
async function sessionsOf({ ledger }: TestProject): Promise<Omit<Session, 'places'>[]> {
  const sessions = await Array.fromAsync(ledger.listSessions());
  return sessions.map(({ places: _, ...session }) => session).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** That `to` is whole, and has all that `from` has. */
async function requireSame(from: TestProject, to: TestProject): Promise<void> {
  await requireWhole(to);
  const [ours, theirs] = [(await from.ledger.readHead()).head, (await to.ledger.readHead()).head];
  assert.deepEqual([theirs.project, theirs.tree], [ours.project, ours.tree]);
  assert.equal(theirs.sequence, ours.sequence);
  for (let sequence = 1; sequence <= ours.sequence; sequence++) {
    assert.deepEqual(await to.ledger.readLanding(sequence), await from.ledger.readLanding(sequence));
  }
  assert.deepEqual(await sessionsOf(to), await sessionsOf(from));
}

/** What a copy promises, whatever the stores. `makeStore` gives an empty one to copy to. */
export function storeCopyConformance(
  kind: string,
  makeStore: () => ObjectStore,
  { crashStep = 1 }: CrashOptions = {},
): void {
  describe(`a copy to ${kind}`, () => {
    test('has everything, and then only what is new', async () => {
      const { project, open } = await busyProject();
      const store = new MeasuredStore(makeStore());
      const to = await project.reopen(store);
      const dry = await copyProject(project, to, { mode: 'dry run', near: 'from' });
      assert.equal(writes(store), 0);
      const first = await copy(project, to);
      assert.deepEqual([dry.packs, dry.bytes, dry.landings, dry.sessions], [first.packs, first.bytes, 4, 5]);
      assert.deepEqual([first.landings, first.sessions, first.damaged], [4, 5, []]);
      await requireSame(project, await project.reopen(store));

      const before = writes(store);
      const nothing = { packs: 0, objects: 0, bytes: 0, landings: 0, sessions: 0, damaged: [] };
      assert.deepEqual(await copy(await project.reopen(), await project.reopen(store)), nothing);
      assert.equal(writes(store), before);

      await addMessage(project, open.id, 'ada', 'More');
      await land(project, { 'a.txt': 'changed\n' });
      const third = await copy(await project.reopen(), await project.reopen(store));
      assert.deepEqual([third.landings, third.sessions], [1, 2]);
      assert.ok(third.packs >= 1 && third.bytes < 10_000, `${third.packs} packs, ${third.bytes} bytes`);
      await requireSame(project, await project.reopen(store));
      const keys = (await Array.fromAsync(store.list(''))).map(({ key }) => key);
      assert.ok(keys.every((key) => /\/(head\.json|packs|index|landings|sessions)/.test(key)));
    });

    test('goes on after it was killed, at every write', async () => {
      const { project } = await busyProject();
      const rehearsal = new FaultyStore(makeStore(), { count: 'writes' });
      await copy(project, await project.reopen(rehearsal));
      assert.ok(rehearsal.operations > 15, `${rehearsal.operations} writes`);
      for (let crashAt = 1; crashAt <= rehearsal.operations; crashAt += crashStep) {
        for (const when of ['before', 'after'] as const) {
          const store = makeStore();
          const faulty = new FaultyStore(store, { crashAt, when, count: 'writes' });
          await assert.rejects(copy(await project.reopen(), await project.reopen(faulty)), SimulatedCrash);
          const left = await project.reopen(store);
          // What there is claims nothing that it lacks.
          if (await left.ledger.exists()) await requireWhole(left);
          await copy(await project.reopen(), await project.reopen(store));
          await requireSame(project, await project.reopen(store));
        }
      }
    });

    test('may be made by several at once, while the project is worked on', async () => {
      const { project, open } = await busyProject();
      const store = makeStore();
      let copied = false;
      const copies = Array.from({ length: 3 }, async () =>
        copy(await project.reopen(), await project.reopen(store)),
      );
      const work = async (): Promise<void> => {
        const worker = await project.reopen();
        for (let i = 0; i < 40 && !copied; i++) {
          await land(worker, { [`work/${i % 4}.txt`]: `${i}\n` });
          await addMessage(worker, open.id, 'ada', `Message ${i}`);
          // Writers are quick here: nothing they have just written is collected.
          if (i % 8 === 7) await collectGarbage(await project.reopen(), { graceHours: 1, mode: 'collect' });
        }
      };
      const working = work();
      const outcomes = await Promise.allSettled(copies);
      copied = true;
      await working;
      for (const outcome of outcomes)
        assert.equal(outcome.status, 'fulfilled', String('reason' in outcome && outcome.reason));
      await requireWhole(await project.reopen(store));
      await copy(await project.reopen(), await project.reopen(store));
      await requireSame(await project.reopen(), await project.reopen(store));
    });
  });
}

function writes(store: MeasuredStore): number {
  const { put, putIfAbsent, compareAndSwap, delete: deleted } = store.snapshot();
  return put.requests + putIfAbsent.requests + compareAndSwap.requests + deleted.requests;
}

export { busyProject, copy, land, record, requireSame, requireWhole, writes };
