import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

test('FSSTAT tells how much room there is', async () => {
  const { status, attributes, bytes } = await served.client.fsstat(served.root);
  assert.equal(status, 0);
  assert.equal(attributes?.type, 2);
  assert.deepEqual(bytes, [2 ** 40, 2 ** 39, 2 ** 39, 2 ** 30, 2 ** 29, 2 ** 29]);
});
