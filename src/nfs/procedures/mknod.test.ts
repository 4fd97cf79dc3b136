import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

const [directory, block, character, socket, fifo] = [2, 3, 4, 6, 7];

describe('MKNOD', () => {
  test('makes every kind of special file', async () => {
    for (const type of [socket, fifo]) {
      const made = await served.client.mknod(served.root, `special-${type}`, type, { mode: 0o620 });
      assert.deepEqual([made.status, made.attributes?.type, made.attributes?.mode], [0, type, 0o620]);
    }
    for (const type of [block, character]) {
      const made = await served.client.mknod(served.root, `special-${type}`, type, {}, [259, 70_000]);
      assert.deepEqual([made.status, made.attributes?.type], [0, type]);
      assert.deepEqual(made.attributes?.device, [259, 70_000]);
    }
  });

  test('makes nothing that has its own procedure', async () => {
    for (const type of [0, 1, directory, 5, 8])
      assert.equal((await served.client.mknod(served.root, 'odd', type)).status, 10007);
  });
});
