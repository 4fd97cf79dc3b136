import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

test('PATHCONF tells what POSIX asks', async () => {
  const { status, attributes, words } = await served.client.pathconf(served.root);
  assert.equal(status, 0);
  assert.equal(attributes?.type, 2);
  assert.deepEqual(words, [65_000, 255, 1, 1, 0, 1]);
});
