import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileSystemError } from '../../vfs/file-system-error.ts';
import { type Served, serve } from '../fixtures/served.ts';
import { stability } from './write.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

let files = 0;
async function newFile(): Promise<Buffer> {
  return (await served.client.create(served.root, `file-${files++}`, 1, { mode: 0o600 })).handle;
}

describe('WRITE', () => {
  test('that is unstable is flushed and answered, and not synced', async () => {
    const file = await newFile();
    const { syncs, flushes } = served.fileSystem;
    const written = await served.client.write(file, 3, Buffer.from('abc'), stability.unstable);
    assert.equal(written.status, 0);
    assert.equal(written.count, 3);
    assert.equal(written.committed, stability.unstable);
    assert.equal(written.verifier, 'verifier');
    assert.equal(written.change.before?.size, 0);
    assert.equal(written.change.after?.size, 6);
    assert.equal(served.fileSystem.syncs, syncs);
    assert.equal(served.fileSystem.flushes, flushes + 1);
    assert.equal((await served.client.read(file, 0, 10)).data.toString(), '\0\0\0abc');
  });

  test('that is to be stable is synced before it is answered', async () => {
    for (const asked of [stability.dataSync, stability.fileSync]) {
      const { syncs } = served.fileSystem;
      const { committed } = await served.client.write(await newFile(), 0, Buffer.from('abc'), asked);
      assert.equal(committed, stability.fileSync);
      assert.equal(served.fileSystem.syncs, syncs + 1);
    }
  });

  test('takes a megabyte that comes in many pieces, and not a byte more', async () => {
    const file = await newFile();
    const data = Buffer.from(Array.from({ length: 2 ** 20 }, (_, i) => (i * 7) % 253));
    assert.equal((await served.client.write(file, 0, data, 0)).count, 2 ** 20);
    assert.deepEqual((await served.client.read(file, 0, 2 ** 20)).data, data);
    const more = served.client.write(file, 0, Buffer.alloc(2 ** 20 + 4), 0);
    await assert.rejects(more, /accept_stat 4/);
  });

  test('fails where count and data differ, where a file cannot reach, and where it is not allowed', async () => {
    const file = await newFile();
    assert.equal((await served.client.write(file, 0, Buffer.from('abcd'), 0, 3)).status, 22);
    assert.equal((await served.client.write(file, 2 ** 60, Buffer.from('abcd'), 0)).status, 27);
    assert.equal((await served.client.write(served.root, 0, Buffer.from('abcd'), 0)).status, 21);
    served.client.credentials = { uid: 1000, gid: 1000, groups: [] };
    const { status, change } = await served.client.write(file, 0, Buffer.from('abcd'), 0);
    served.client.credentials = { uid: 0, gid: 0, groups: [] };
    assert.equal(status, 13);
    assert.equal(change.after?.size, 0);
  });

  test('of a stability that there is not is garbage', async () => {
    await assert.rejects(served.client.write(await newFile(), 0, Buffer.from('abcd'), 3), /accept_stat 4/);
  });

  test('that cannot be synced says so', async () => {
    served.fileSystem.syncFailure = fileSystemError('file-system/full');
    const file = await newFile();
    assert.equal((await served.client.write(file, 0, Buffer.from('x'), stability.fileSync)).status, 28);
    assert.equal((await served.client.write(file, 0, Buffer.from('x'), stability.fileSync)).status, 0);
  });
});
