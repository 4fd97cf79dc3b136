import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { RequestCounts } from '../../src/app/request-counter.ts';
import type { OperationTally } from '../../src/app/request-tally.ts';
import { Scratch, write } from '../mic.ts';
import { describeWherePossible } from '../needs.ts';
import { storeCopyConformance } from '../store-copy.conformance.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

class BucketScratch extends Scratch {
  readonly #bucket: TestBucket;

  constructor(bucket: TestBucket) {
    super();
    this.#bucket = bucket;
  }

  override get environment(): Record<string, string> {
    return { ...super.environment, ...this.#bucket.environment };
  }
}

describeWherePossible('copies to and from a bucket', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });
  // An odd step: different writes are hit.
  storeCopyConformance('a store in a bucket', () => bucket.freshStore(), { crashStep: 11 });

  test('go there and back, and from bucket to bucket', async () => {
    const scratch = new BucketScratch(bucket);
    await scratch.project('acme/web', { 'a.txt': 'a\n', 'b.txt': 'b'.repeat(3_000_000) });
    const { workspace } = await scratch.session('acme/web');
    write(join(workspace, 'a.txt'), 'changed\n');
    await scratch.mic(['land'], { in: workspace });
    const back = join(scratch.directory, 'back');
    await scratch.mic(['store', 'init', back]);
    const stores = [
      scratch.store,
      bucket.url('first'),
      bucket.url('second', bucket.service.endpoints[1]),
      back,
    ];
    for (const [i, to] of stores.slice(1).entries()) {
      await scratch.mic(['store', 'copy', stores[i]!, to]);
      await scratch.mic(['store', 'fsck', `--store=${to}`]);
      assert.equal((await scratch.mic(['store', 'copy', stores[i]!, to])).stdout, 'acme/web: nothing new\n');
    }
    await scratch.mic(['project', 'export', 'acme/web', '--to=exported', `--store=${back}`]);
    assert.equal(readFileSync(join(scratch.directory, 'exported/a.txt'), 'utf8'), 'changed\n');
  });

  test('and all else are counted in requests', async () => {
    const scratch = new BucketScratch(bucket);
    const at = `--store=${bucket.url('counted')}`;
    await scratch.mic(['project', 'create', 'acme/web', at]);
    const start = ['session', 'start', 'work', '--project=acme/web', '--workspace=none', at];
    const { storeRequests } = await scratch.json<{ storeRequests: RequestCounts }>(start);
    const { get, put, list, total, bytesRead, bytesWritten } = storeRequests;
    assert.deepEqual([get, put, list, total], [1, 1, 0, 2]);
    assert.ok(bytesRead > 100 && bytesWritten > 100);
    const failed = await scratch.json<{ storeRequests: RequestCounts }>(
      ['session', 'start', 'x', '--project=acme/none', at],
      { exit: 3 },
    );
    assert.equal(failed.storeRequests.get, 1);

    const stats = async () =>
      (await scratch.json<{ operations: OperationTally[] }>(['store', 'stats', at])).operations;
    const started = (await stats()).find(({ operation }) => operation === 'session start');
    assert.deepEqual([started?.times, started?.sum.total, started?.last.total], [2, 3, 1]);
    assert.match((await scratch.mic(['store', 'stats', at])).stdout, /session start +2 +1\.5 +1 /);
    // Turned off, and where the home cannot be written.
    await scratch.mic(start, { environment: { MICELIO_REQUEST_TALLY: 'off' } });
    assert.equal((await stats()).find(({ operation }) => operation === 'session start')?.times, 2);
    const state = join(scratch.directory, 'home/.local/state/micelio');
    assert.ok(readdirSync(join(state, 'requests')).includes('log'));
    rmSync(state, { recursive: true });
    write(state, 'no directory');
    await scratch.mic(start);
  });
});
