import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('SYMLINK', () => {
  test('makes a symlink to wherever it is told', async () => {
    const { status, handle, attributes } = await served.client.symlink(served.root, 'link', 'no/where');
    assert.equal(status, 0);
    assert.deepEqual([attributes?.type, attributes?.size], [5, 8]);
    assert.equal((await served.client.readlink(handle)).target, 'no/where');
  });

  test('takes the longest path and none that is longer', async () => {
    assert.equal((await served.client.symlink(served.root, 'long', 'x'.repeat(4096))).status, 0);
    assert.equal((await served.client.symlink(served.root, 'longer', 'x'.repeat(4097))).status, 63);
  });
});
