import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from '../src/base/clock.ts';
import { checkProject } from '../src/session/check-project.ts';
import { checkpointSession } from '../src/session/checkpoint.ts';
import { collectGarbage } from '../src/session/collect-garbage.ts';
import { removeSession, restoreSession } from '../src/session/keep.ts';
import { landSession } from '../src/session/landing/land-session.ts';
import type { Session } from '../src/session/session.ts';
import { FaultyStore } from '../src/storage/faulty-store.ts';
import { MeasuredStore } from '../src/storage/measured-store.ts';
import type { ObjectStore } from '../src/storage/object-store.ts';
import type { CrashOptions } from './landing.conformance.ts';
import { openTestProject, type TestProject, writeFiles } from './test-project.ts';

const hourMs = 60 * 60 * 1000;

/** A clock that a test moves. */
function testClock() {
  let now = Date.UTC(2026, 0, 1);
  return { now: () => now, pass: (ms: number) => (now += ms) };
}

async function isWhole(project: TestProject): Promise<void> {
  const { damagedPacks, lostDocuments, missing } = await checkProject(project);
  assert.deepEqual([damagedPacks, lostDocuments, missing], [[], [], []]);
}

async function packs(store: ObjectStore): Promise<string[]> {
  return (await Array.fromAsync(store.list('')))
    .map(({ key }) => key)
    .filter((key) => key.includes('/packs/'));
}

/** What garbage collection and `fsck` promise, whatever the store. `makeStore` gives an empty one, whose times are those of the clock. */
export function storeCareConformance(
  kind: string,
  makeStore: (clock: Clock) => ObjectStore,
  { crashStep = 1 }: CrashOptions = {},
): void {
  /** A project with something landed, a session under way, one removed, and bytes that nobody needs. */
  async function busyProject() {
    const clock = testClock();
    const store = makeStore(clock);
    const project = await openTestProject({ 'a.txt': 'a\n', 'b.txt': 'b\n' }, store, clock);
    const landed = await project.start();
    await checkpointSession(project, landed, await writeFiles(project, landed.tree, { 'a.txt': 'A\n' }), '');
    await landSession(project, project.landings, { session: landed.id, message: 'Land' });
    const started = await project.start();
    const tree = await writeFiles(project, started.tree, { 'c.txt': 'c\n' });
    const { session: open } = await checkpointSession(project, started, tree, '');
    const removed = await project.start();
    await checkpointSession(
      project,
      removed,
      await writeFiles(project, removed.tree, { 'd.txt': 'd\n' }),
      '',
    );
    await removeSession(project, removed.id, 'ada', 30, null);
    await writeFiles(project, open.tree, { 'garbage.txt': 'nobody needs this\n' });
    return { clock, store, project, removed, open };
  }

  describe(`on ${kind}, garbage collection`, () => {
    test('touches nothing that is young', async () => {
      const { store, project } = await busyProject();
      const before = await packs(store);
      await collectGarbage(project, { graceHours: 24, mode: 'collect' });
      assert.deepEqual(await packs(store), before);
    });

    test('deletes what nobody needs in two steps, and nothing else', async () => {
      const { clock, store, project } = await busyProject();
      const before = (await packs(store)).length;
      clock.pass(25 * hourMs);
      const dry = await collectGarbage(project, { graceHours: 24, mode: 'dry run' });
      const first = await collectGarbage(project, { graceHours: 24, mode: 'collect' });
      assert.ok(first.condemnedPacks >= 1 && first.deletedPacks === 0);
      assert.deepEqual(dry, first);
      await isWhole(project);
      clock.pass(25 * hourMs);
      const dryAgain = await collectGarbage(project, { graceHours: 24, mode: 'dry run' });
      const second = await collectGarbage(await project.reopen(), { graceHours: 24, mode: 'collect' });
      assert.equal(second.deletedPacks, first.condemnedPacks);
      assert.deepEqual(dryAgain, second);
      assert.ok((await packs(store)).length < before);
      await isWhole(await project.reopen());
    });

    test('tells in a dry run what it would do, and writes nothing', async () => {
      const { clock, store, project } = await busyProject();
      const measured = new MeasuredStore(store);
      for (const days of [2, 2, 40, 2]) {
        clock.pass(days * 24 * hourMs);
        const dry = await collectGarbage(await project.reopen(measured), { graceHours: 24, mode: 'dry run' });
        const done = await collectGarbage(await project.reopen(), { graceHours: 24, mode: 'collect' });
        assert.deepEqual(dry, done);
      }
      const { put, putIfAbsent, compareAndSwap, delete: deleted } = measured.snapshot();
      assert.deepEqual(
        [put, putIfAbsent, compareAndSwap, deleted].map(({ requests }) => requests),
        [0, 0, 0, 0],
      );
    });

    test('gathers the small packs that landings leave into few', async () => {
      const { clock, store, project, open } = await busyProject();
      for (let i = 0; i < 20; i++) {
        const tree = await writeFiles(await project.reopen(), open.tree, { [`${i}.txt`]: `${i}\n` });
        const fork = await project.start();
        await checkpointSession(project, fork, tree, '');
      }
      const before = (await packs(store)).length;
      clock.pass(25 * hourMs);
      const { gatheredPacks } = await collectGarbage(await project.reopen(), {
        graceHours: 24,
        mode: 'collect',
      });
      assert.ok(gatheredPacks > 20, `${gatheredPacks} gathered`);
      await isWhole(await project.reopen());
      clock.pass(25 * hourMs);
      const { deletedPacks } = await collectGarbage(await project.reopen(), {
        graceHours: 24,
        mode: 'collect',
      });
      assert.ok(deletedPacks >= gatheredPacks);
      assert.ok((await packs(store)).length < before / 5, `${(await packs(store)).length} of ${before}`);
      await isWhole(await project.reopen());
    });

    test('does not forget a session that somebody restores meanwhile', async () => {
      const { clock, project, removed } = await busyProject();
      clock.pass(31 * 24 * hourMs);
      const { ledger } = project;
      const racing = {
        ...project,
        ledger: Object.assign(Object.create(ledger), {
          async *listSessions() {
            for (const session of await Array.fromAsync(ledger.listSessions())) {
              if (session.id === removed.id) await restoreSession(project, removed.id, 'ada');
              yield session;
            }
          },
          readHead: () => ledger.readHead(),
          readLanding: (sequence: number) => ledger.readLanding(sequence),
          updateSession: (id: Session['id'], change: (session: Session) => Session) =>
            ledger.updateSession(id, change),
          deleteSession: (id: Session['id']) => ledger.deleteSession(id),
        }),
      };
      const { forgottenSessions } = await collectGarbage(racing, { graceHours: 24, mode: 'collect' });
      assert.equal(forgottenSessions, 0);
      assert.equal((await ledger.readSession(removed.id))?.removed, null);
    });

    test('keeps a removed session for its time, and then forgets it', async () => {
      const { clock, project, removed } = await busyProject();
      clock.pass(29 * 24 * hourMs);
      await collectGarbage(project, { graceHours: 0, mode: 'collect' });
      assert.equal((await restoreSession(project, removed.id, 'ada')).removed, null);
      await isWhole(project);
      await removeSession(project, removed.id, 'ada', 30, null);
      clock.pass(31 * 24 * hourMs);
      const { forgottenSessions } = await collectGarbage(project, { graceHours: 0, mode: 'collect' });
      assert.equal(forgottenSessions, 1);
      assert.equal(await project.ledger.readSession(removed.id), undefined);
    });

    test('gives back what a writer built upon just before it was condemned', async () => {
      const { clock, project, open } = await busyProject();
      const writer = await project.reopen();
      await writer.blobs.indexes.ensureLoaded();
      clock.pass(25 * hourMs);
      // The writer has read the indexes a moment ago, in which the garbage still stands.
      await writer.blobs.indexes.refresh();
      await collectGarbage(project, { graceHours: 24, mode: 'collect' });
      const tree = await writeFiles(writer, open.tree, { 'garbage.txt': 'nobody needs this\n' });
      await checkpointSession(writer, open, tree, '');
      clock.pass(25 * hourMs);
      await collectGarbage(await project.reopen(), { graceHours: 24, mode: 'collect' });
      await isWhole(await project.reopen());
    });

    test('killed at every step of storage leaves everything that is needed', async () => {
      let operations = 0;
      for (let crashAt = 1; operations === 0; crashAt += crashStep) {
        const { clock, store, project } = await busyProject();
        const faulty = new FaultyStore(store, { crashAt, when: crashAt % 2 === 0 ? 'before' : 'after' });
        let killed = false;
        for (let round = 0; round < 3; round++) {
          clock.pass(25 * hourMs);
          const target = round === 1 ? await project.reopen(faulty) : await project.reopen();
          await collectGarbage(target, { graceHours: 24, mode: 'collect' }).catch(() => {
            killed = true;
          });
          await isWhole(await project.reopen());
        }
        if (!killed) operations = crashAt;
      }
      assert.ok(operations > 10, `${operations} operations`);
    });
  });

  describe(`on ${kind}, fsck`, () => {
    test('names what is damaged, and what needs it', async () => {
      const { store, project } = await busyProject();
      await isWhole(project);
      for (const key of (await Array.fromAsync(store.list(''))).map((info) => info.key)) {
        if (!key.includes('/packs/')) continue;
        const { bytes } = (await store.get(key))!;
        const damaged = Buffer.from(bytes);
        damaged[20]! ^= 0x10;
        await store.put(key, damaged);
        const { damagedPacks } = await checkProject(await project.reopen());
        assert.ok(
          damagedPacks.some(({ pack }) => key.endsWith(pack)),
          key,
        );
        await store.delete(key);
        const missing = await checkProject(await project.reopen());
        assert.ok(missing.damagedPacks.some(({ pack }) => key.endsWith(pack)));
        await store.put(key, bytes);
      }
      await isWhole(await project.reopen());
    });
  });
}
