import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MemoryFileSystem } from '../fixtures/memory-file-system.ts';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('RENAME', () => {
  test('moves a file in place of another, and tells of both directories', async () => {
    const { handle: from } = await served.client.mkdir(served.root, 'from');
    const { handle: to } = await served.client.mkdir(served.root, 'to');
    const { handle } = await served.client.create(from, 'a', 1);
    const replaced = await served.client.create(to, 'b', 1);
    const renamed = await served.client.rename(from, 'a', to, 'b');
    assert.equal(renamed.status, 0);
    assert.notDeepEqual(renamed.from.before?.changed, renamed.from.after?.changed);
    assert.notDeepEqual(renamed.to.before?.changed, renamed.to.after?.changed);
    assert.deepEqual((await served.client.lookup(to, 'b')).handle, handle);
    assert.equal((await served.client.getattr(replaced.handle)).status, 70);
  });

  test('of what is not there tells of both directories too', async () => {
    const { status, from, to } = await served.client.rename(served.root, 'nothing', served.root, 'else');
    assert.equal(status, 2);
    assert.ok(from.before && from.after && to.before && to.after);
  });

  test('does not lead from one export to another', async () => {
    served.exports.add('/other', new MemoryFileSystem());
    const { root } = await served.client.mount('/other');
    await served.client.create(served.root, 'file', 1);
    assert.equal((await served.client.rename(served.root, 'file', root, 'file')).status, 18);
    const { handle } = await served.client.lookup(served.root, 'file');
    assert.equal((await served.client.link(handle, root, 'file')).status, 18);
  });
});
