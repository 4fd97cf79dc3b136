import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NfsClient } from '../fixtures/nfs-client.ts';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('MNT', () => {
  test('gives the root of an export, and the flavours of credentials', async () => {
    const { status, root, flavors } = await served.client.mount('/export');
    assert.equal(status, 0);
    assert.deepEqual(flavors, [1, 0]);
    const { attributes } = await served.client.getattr(root);
    assert.equal(attributes?.inode, served.fileSystem.root);
  });

  test('denies everything else in the same words', async () => {
    const id = served.exports.add('/closed', served.fileSystem);
    served.exports.fileSystems.delete(id);
    for (const path of [
      '',
      '/',
      '/exports',
      '/closed',
      '/closed/below',
      `/export${'/x'.repeat(64)}`,
      '\xff'.repeat(1024),
    ])
      assert.deepEqual(await served.client.mount(path), { status: 13, root: Buffer.alloc(0), flavors: [] });
  });

  test('gives a directory below an export to whoever may go there', async () => {
    const { client } = served;
    const { handle: above } = await client.mkdir(served.root, 'above', { mode: 0o700 });
    const { handle: below } = await client.mkdir(above, 'below', { mode: 0o700 });
    await client.create(above, 'file', 1);
    const { status, root } = await client.mount('/export/above//below/');
    assert.equal(status, 0);
    assert.deepEqual(root, below);
    assert.equal((await client.mount('/export/above/nothing')).status, 2);
    assert.equal((await client.mount('/export/above/file')).status, 20);
    assert.equal((await client.mount('/export/above/../above')).status, 22);
    const stranger = await NfsClient.connect(served.server.port, { uid: 1000, gid: 1000, groups: [] });
    assert.equal((await stranger.mount('/export/above/below')).status, 13);
    await stranger.close();
  });

  test('of a path that is too long is garbage', async () => {
    await assert.rejects(served.client.mount('x'.repeat(1025)), /accept_stat 4/);
  });

  test('that fails on our side says so, and is reported', async () => {
    const { exports } = served;
    const resolve = exports.resolve;
    exports.resolve = async () => {
      throw new Error('the registry is broken');
    };
    assert.equal((await served.client.mount('/export')).status, 5);
    exports.resolve = resolve;
    assert.match(String(served.errors.pop()), /the registry is broken/);
    assert.equal((await served.client.mount('/export')).status, 0);
  });

  test('of an export that takes time to open waits for it', async () => {
    const { exports, fileSystem } = served;
    const find = exports.fileSystem;
    exports.fileSystem = () => Promise.resolve(fileSystem);
    const { status, root } = await served.client.mount('/export');
    assert.equal(status, 0);
    exports.fileSystem = (id) => {
      exports.fileSystem = find;
      return new Promise((resolve) => setImmediate(resolve, fileSystem)).then(() => find.call(exports, id));
    };
    assert.equal((await served.client.getattr(root)).status, 0);
  });
});

describe('the rest of MOUNT', () => {
  test('lists nothing, remembers nothing and always agrees', async () => {
    assert.equal((await served.client.callMount(0)).remaining, 0);
    for (const list of [2, 5]) {
      const results = await served.client.callMount(list);
      assert.deepEqual([results.boolean(), results.remaining], [false, 0]);
    }
    const done = await served.client.callMount(3, (writer) => writer.byteString('/export'));
    assert.equal(done.remaining, 0);
    assert.equal((await served.client.callMount(4)).remaining, 0);
    assert.equal((await served.client.getattr(served.root)).status, 0);
  });
});
