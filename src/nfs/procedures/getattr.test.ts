import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('GETATTR', () => {
  test('tells what a file is', async () => {
    const { status, attributes } = await served.client.getattr(served.root);
    assert.equal(status, 0);
    assert.equal(attributes?.type, 2);
    assert.equal(attributes.mode, 0o777);
    assert.equal(attributes.inode, served.fileSystem.root);
    assert.equal(attributes.fileSystem, served.exportId.slice(0, 16));
  });

  test('of a file that is gone is stale', async () => {
    const { handle } = await served.client.create(served.root, 'gone', 1);
    await served.client.remove(served.root, 'gone');
    assert.deepEqual(await served.client.getattr(handle), { status: 70, attributes: undefined });
  });

  test('of a handle that nobody made is refused', async () => {
    const forged = Buffer.from(served.root);
    forged[forged.length - 1]! ^= 1;
    assert.equal((await served.client.getattr(forged)).status, 10001);
    assert.equal((await served.client.getattr(Buffer.alloc(0))).status, 10001);
    assert.equal((await served.client.getattr(Buffer.alloc(64))).status, 10001);
  });

  test('of a handle whose export is no longer served is stale', async () => {
    const { fileSystem, exports, exportId } = served;
    exports.fileSystems.delete(exportId);
    assert.equal((await served.client.getattr(served.root)).status, 70);
    exports.fileSystems.set(exportId, fileSystem);
    assert.equal((await served.client.getattr(served.root)).status, 0);
  });
});
