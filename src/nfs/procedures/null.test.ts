import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

test('NULL answers, whoever asks', async () => {
  const { rpc } = served.client;
  for (const credentials of [undefined, { uid: 1, gid: 1, groups: [2, 3] }]) {
    const results = await rpc.call({ program: 100_003, version: 3, procedure: 0 }, credentials);
    assert.equal(results.remaining, 0);
  }
});
