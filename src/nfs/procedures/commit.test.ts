import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileSystemError } from '../../vfs/file-system-error.ts';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('COMMIT', () => {
  test('syncs, and gives the verifier that writes had', async () => {
    const { handle } = await served.client.create(served.root, 'file', 1);
    const written = await served.client.write(handle, 0, Buffer.from('abc'), 0);
    const { syncs } = served.fileSystem;
    const { status, verifier, change } = await served.client.commit(handle);
    assert.equal(status, 0);
    assert.equal(verifier, written.verifier);
    assert.ok(change.before && change.after);
    assert.equal(served.fileSystem.syncs, syncs + 1);
  });

  test('that fails says so', async () => {
    const { handle } = await served.client.create(served.root, 'failing', 1);
    served.fileSystem.syncFailure = fileSystemError('file-system/io');
    const { status, change } = await served.client.commit(handle);
    assert.equal(status, 5);
    assert.ok(change.after);
  });
});
