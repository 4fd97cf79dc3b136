import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('LINK', () => {
  test('gives a file one name more', async () => {
    const { handle } = await served.client.create(served.root, 'one', 1);
    const { status, attributes, directory } = await served.client.link(handle, served.root, 'two');
    assert.equal(status, 0);
    assert.equal(attributes?.links, 2);
    assert.ok(directory.before && directory.after);
    assert.deepEqual((await served.client.lookup(served.root, 'two')).handle, handle);
  });

  test('to a name that is taken fails, and tells of the file and the directory', async () => {
    const { handle } = await served.client.create(served.root, 'taken', 1);
    const { status, attributes, directory } = await served.client.link(handle, served.root, 'taken');
    assert.equal(status, 17);
    assert.equal(attributes?.links, 1);
    assert.ok(directory.after);
  });
});
