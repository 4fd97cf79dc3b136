import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('RMDIR', () => {
  test('removes an empty directory and nothing else', async () => {
    const { handle } = await served.client.mkdir(served.root, 'directory');
    await served.client.create(handle, 'file', 1);
    assert.equal((await served.client.rmdir(served.root, 'directory')).status, 66);
    await served.client.remove(handle, 'file');
    const { status, directory } = await served.client.rmdir(served.root, 'directory');
    assert.equal(status, 0);
    assert.equal(directory.after?.links, 2);
    await served.client.create(served.root, 'file', 1);
    assert.equal((await served.client.rmdir(served.root, 'file')).status, 20);
  });
});
