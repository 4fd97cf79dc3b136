import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileBytesMax } from '../../vfs/limits.ts';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

test('FSINFO tells what the server can', async () => {
  const info = await served.client.fsinfo(served.root);
  assert.equal(info.status, 0);
  assert.equal(info.attributes?.type, 2);
  const mebibyte = 2 ** 20;
  assert.deepEqual(info.sizes, [mebibyte, mebibyte, 4096, mebibyte, mebibyte, 4096, 256 * 1024]);
  assert.equal(info.fileBytesMax, fileBytesMax);
  assert.deepEqual(info.step, { seconds: 0, nanoseconds: 1 });
  assert.equal(info.properties, 0x1b);
});
