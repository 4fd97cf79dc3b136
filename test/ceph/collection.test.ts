import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { checkProject } from '../../src/session/check-project.ts';
import { collectGarbage } from '../../src/session/collect-garbage.ts';
import { lookup } from '../../src/tree/lookup.ts';
import type { TreePath } from '../../src/tree/path.ts';
import { describeWherePossible } from '../needs.ts';
import { openTestProject } from '../test-project.ts';
import type { CollectionOrders, CollectionReport } from './collection-process.ts';
import { FastStore, type FastTime, fastClock } from './fast-time.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

const hourMs = 60 * 60 * 1000;
/** Real ms that writers and collectors work: three days in fast time, in which a second is three hours. */
const durationMs = 24_000;
const speed = 3 * 3600;

describeWherePossible('collecting garbage in a bucket', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });

  async function run(orders: CollectionOrders): Promise<CollectionReport> {
    const program = join(import.meta.dirname, 'collection-process.ts');
    const child = fork(program, [JSON.stringify(orders)], { env: { ...process.env, ...bucket.environment } });
    const ended = once(child, 'exit').then(([code]) => assert.fail(`${orders.name} ended with ${code}`));
    ended.catch(() => {});
    const [report] = (await Promise.race([once(child, 'message'), ended])) as [CollectionReport];
    return report;
  }

  test('by two collectors through two gateways while four processes write loses nothing', async () => {
    const time: FastTime = { startMs: Date.now(), speed };
    const clock = fastClock(time);
    const prefix = 'collected';
    const store = new FastStore(bucket.store(prefix), time);
    const project = await openTestProject({ 'a.txt': 'a\n' }, store, clock);
    const { endpoints } = bucket.service;
    const reports = await Promise.all(
      ['write', 'write', 'write', 'write', 'collect', 'collect'].map((role, i) =>
        run({
          url: bucket.url(prefix, endpoints[i % endpoints.length]),
          name: `process-${i}`,
          role: role as CollectionOrders['role'],
          time,
          durationMs,
        }),
      ),
    );
    const landed = reports.flatMap((report) => report.landed);
    assert.ok(landed.length > 10, `${landed.length} landed`);
    assert.ok(reports.reduce((sum, { deletedPacks }) => sum + deletedPacks, 0) > 0);
    await requireWhole();

    // Three collections that lie days apart, and nobody disturbs: all garbage is gone.
    for (let round = 1; round <= 3; round++) {
      const [then, began] = [clock.now() + round * 49 * hourMs, Date.now()];
      const collecting = await project.reopen(store, { now: () => then + Date.now() - began });
      await collectGarbage(collecting, { graceHours: 24, mode: 'collect' });
    }
    await requireWhole();
    const left = await Array.fromAsync(store.list(''));
    const of = (kind: string) => left.filter(({ key }) => key.includes(`/${kind}/`)).length;
    assert.equal(of('condemned'), 0);
    assert.ok(of('packs') <= 17 + 2, `${of('packs')} packs`);

    async function requireWhole(): Promise<void> {
      const whole = await project.reopen();
      const { damagedPacks, lostDocuments, missing } = await checkProject(whole);
      assert.deepEqual([damagedPacks, lostDocuments, missing], [[], [], []]);
      const { head } = await whole.ledger.readHead();
      for (const path of landed) assert.ok(await lookup(whole.nodes, head.tree, path as TreePath), path);
    }
  });
});
