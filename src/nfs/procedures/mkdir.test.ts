import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('MKDIR', () => {
  test('makes a directory, and the one above has a link more', async () => {
    const { status, attributes, directory } = await served.client.mkdir(served.root, 'new', { mode: 0o1750 });
    assert.equal(status, 0);
    assert.deepEqual([attributes?.type, attributes?.mode, attributes?.links], [2, 0o1750, 2]);
    assert.equal(directory.after?.links, 3);
  });

  test('of a name that is taken fails', async () => {
    await served.client.mkdir(served.root, 'taken');
    const { status, directory } = await served.client.mkdir(served.root, 'taken');
    assert.equal(status, 17);
    assert.deepEqual(directory.before?.changed, directory.after?.changed);
  });
});
