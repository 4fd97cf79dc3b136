import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('REMOVE', () => {
  test('removes a name', async () => {
    await served.client.create(served.root, 'file', 1);
    const { status, directory } = await served.client.remove(served.root, 'file');
    assert.equal(status, 0);
    assert.notDeepEqual(directory.before?.modified, directory.after?.modified);
    assert.equal((await served.client.lookup(served.root, 'file')).status, 2);
  });

  test('leaves directories, and says what is not there', async () => {
    await served.client.mkdir(served.root, 'directory');
    assert.equal((await served.client.remove(served.root, 'directory')).status, 21);
    assert.equal((await served.client.remove(served.root, 'nothing')).status, 2);
  });
});
