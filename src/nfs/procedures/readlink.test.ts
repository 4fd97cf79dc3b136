import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('READLINK', () => {
  test('gives the target, byte by byte', async () => {
    const { handle } = await served.client.symlink(served.root, 'link', '../\xfftarget');
    const { status, target, attributes } = await served.client.readlink(handle);
    assert.deepEqual({ status, target }, { status: 0, target: '../\xfftarget' });
    assert.equal(attributes?.type, 5);
  });

  test('of what is no symlink is invalid', async () => {
    assert.equal((await served.client.readlink(served.root)).status, 22);
  });
});
