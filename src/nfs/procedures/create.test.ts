import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';
import { createModes } from './create.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

const { unchecked, guarded, exclusive } = createModes;

describe('CREATE', () => {
  test('makes a file and tells what became of the directory', async () => {
    const made = await served.client.create(served.root, 'new', guarded, { mode: 0o640, uid: 5, gid: 6 });
    assert.equal(made.status, 0);
    const { mode, uid, gid, type } = made.attributes!;
    assert.deepEqual({ mode, uid, gid, type }, { mode: 0o640, uid: 5, gid: 6, type: 1 });
    assert.ok(made.directory.before);
    assert.notDeepEqual(made.directory.after?.changed, made.directory.before.changed);
    assert.deepEqual((await served.client.lookup(served.root, 'new')).handle, made.handle);
  });

  test('takes a file that is there unless it is guarded, and only sets its size', async () => {
    const { handle } = await served.client.create(served.root, 'there', guarded, { mode: 0o600 });
    await served.client.write(handle, 0, Buffer.from('content'), 0);
    const denied = await served.client.create(served.root, 'there', guarded);
    assert.equal(denied.status, 17);
    assert.ok(denied.directory.after);
    const kept = await served.client.create(served.root, 'there', unchecked, { mode: 0o777 });
    assert.deepEqual(kept.handle, handle);
    assert.deepEqual([kept.attributes?.mode, kept.attributes?.size], [0o600, 7]);
    const cut = await served.client.create(served.root, 'there', unchecked, { size: 0 });
    assert.equal(cut.attributes?.size, 0);
  });

  test('that is exclusive finds its own file again, and nobody else’s', async () => {
    const mine = await served.client.create(served.root, 'lock', exclusive, Buffer.from('verifier'));
    assert.equal(mine.status, 0);
    const again = await served.client.create(served.root, 'lock', exclusive, Buffer.from('verifier'));
    assert.deepEqual([again.status, again.handle], [0, mine.handle]);
    const other = await served.client.create(served.root, 'lock', exclusive, Buffer.from('Verifier'));
    assert.equal(other.status, 17);
  });

  test('of a mode that there is not is garbage', async () => {
    await assert.rejects(served.client.create(served.root, 'odd', 3 as 2), /accept_stat 4/);
  });

  test('in a file system that can only be read has its own status', async () => {
    served.fileSystem.mode = 'read-only';
    assert.equal((await served.client.create(served.root, 'read-only', guarded)).status, 30);
    assert.equal((await served.client.mount('/export')).status, 0);
    served.fileSystem.mode = 'read-write';
  });
});
