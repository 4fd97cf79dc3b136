import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { write } from '../mic.ts';
import { MountedFiles } from '../mounts.ts';
import { describeWherePossible } from '../needs.ts';
import { BucketScratch } from './bucket-scratch.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

interface CheckJson {
  readonly usable: boolean;
  readonly made?: boolean;
  readonly checks: readonly { readonly check: string; readonly problem: string | null }[];
}

describeWherePossible('mic on a store in a bucket', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });
  const scratchOn = (prefix: string, gateway = 0): BucketScratch =>
    new BucketScratch(prefix, () => bucket, gateway);

  test('makes a bucket, tries it out, and says how to use it', async () => {
    const scratch = scratchOn('init');
    const url = `s3://${bucket.name}-more/deep/er?endpoint=${bucket.service.endpoints[0]}`;
    const missing = await scratch.json<CheckJson>(['store', 'check', url], { exit: 4 });
    assert.match(missing.checks.at(-1)!.problem!, /no bucket .*mic store init/);
    const made = await scratch.json<CheckJson>(['store', 'init', url]);
    assert.deepEqual([made.usable, made.made], [true, true]);
    const again = await scratch.mic(['store', 'init', url]);
    assert.ok(again.stdout.includes(`export MICELIO_STORE='${url}'`));
    const checked = await scratch.json<CheckJson>(['store', 'check', url]);
    assert.ok(checked.usable && checked.checks.length === 10);
    const stats = (await scratch.mic(['store', 'stats', `--store=${url}`])).stdout;
    assert.match(stats, /^The store is empty\.\n[\s\S]*^store init +2 /m);
  });

  test('says what is wrong with credentials, without showing them', async () => {
    const scratch = scratchOn('wrong');
    for (const [variable, words] of [
      ['AWS_ACCESS_KEY_ID', /does not know this access key/],
      ['AWS_SECRET_ACCESS_KEY', /does not accept the secret key/],
    ] as const) {
      const environment = { [variable]: 'hunter2hunter2' };
      const { stderr } = await scratch.mic(['project', 'list'], { exit: 6, environment });
      assert.match(stderr, words);
      assert.ok(!stderr.includes('hunter2'));
    }
  });

  test('has sessions whose workspaces remember it', async () => {
    const scratch = scratchOn('life');
    await scratch.project('acme/web', { 'a.txt': 'a\n', 'b.txt': 'b\n' });
    const { workspace } = await scratch.session('acme/web');
    write(join(workspace, 'a.txt'), 'changed\n');
    // Only the workspace names the store; credentials are this machine's affair.
    const inside = { in: workspace, environment: { MICELIO_STORE: undefined } };
    assert.match((await scratch.mic(['status'], inside)).stdout, /M a\.txt/);
    assert.match((await scratch.mic(['land'], inside)).stdout, /landing 2/);
    await scratch.requireWhole();
    assert.ok(existsSync(join(scratch.directory, 'home/.cache/micelio/objects')));
    // Another machine, another gateway.
    const other = scratchOn('life', 1);
    await other.mic(['project', 'export', 'acme/web', '--to=exported']);
    assert.equal(readFileSync(join(other.directory, 'exported/a.txt'), 'utf8'), 'changed\n');
  });

  test('has sessions that are mounted', async () => {
    const scratch = scratchOn('mount');
    await scratch.project('acme/web', { 'a.txt': 'a\n' });
    const session = await scratch.mountSession('acme/web');
    const mounted = await MountedFiles.mount(session.workspace);
    assert.equal(await mounted.read('a.txt'), 'a\n');
    await mounted.write('new.txt', 'new\n');
    await scratch.mic(['session', 'land', session.sessionId]);
    await mounted.close();
    await scratch.mic(['project', 'export', 'acme/web', '--to=exported']);
    assert.equal(readFileSync(join(scratch.directory, 'exported/new.txt'), 'utf8'), 'new\n');
  });
});
