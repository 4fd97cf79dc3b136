import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

const content = Buffer.from(Array.from({ length: 100_003 }, (_, i) => i % 251));

describe('READ', () => {
  let file: Buffer;
  before(async () => {
    file = (await served.client.create(served.root, 'file', 1)).handle;
    await served.client.write(file, 0, content, 0);
  });

  test('gives any range, padded, and says where the file ends', async () => {
    for (const [offset, count] of [
      [0, 1],
      [1, 2],
      [3, 4097],
      [10, 65_536],
      [0, 100_003],
    ] as const) {
      const { status, data, end, attributes, ...found } = await served.client.read(file, offset, count);
      assert.equal(status, 0);
      assert.deepEqual(data, content.subarray(offset, offset + count));
      assert.equal(found.count, count);
      assert.equal(end, offset + count === content.length);
      assert.equal(attributes?.size, content.length);
    }
  });

  test('gives lent memory back once, when the reply has left', async () => {
    const { fileSystem, client } = served;
    const read = fileSystem.read;
    let released = 0;
    fileSystem.read = (...args) => ({ ...read.apply(fileSystem, args), release: () => released++ });
    const { data } = await client.read(file, 0, 65_536);
    fileSystem.read = read;
    assert.deepEqual(data, content.subarray(0, 65_536));
    await client.getattr(file);
    assert.equal(released, 1);
  });

  test('gives what there is before the end, and nothing behind it', async () => {
    const { data, end } = await served.client.read(file, 100_000, 1000);
    assert.deepEqual([data.length, end], [3, true]);
    for (const offset of [content.length, 2 ** 40, 2 ** 63]) {
      const behind = await served.client.read(file, offset, 10);
      assert.deepEqual([behind.status, behind.count, behind.end], [0, 0, true]);
    }
  });

  test('gives no more than it has promised, however much is asked for', async () => {
    const { handle } = await served.client.create(served.root, 'large', 1, { size: 3 * 2 ** 20 });
    const { count, end } = await served.client.read(handle, 0, 2 ** 31);
    assert.deepEqual([count, end], [2 ** 20, false]);
  });

  test('is not for directories, symlinks, or strangers', async () => {
    assert.equal((await served.client.read(served.root, 0, 1)).status, 21);
    const { handle } = await served.client.symlink(served.root, 'link', 'file');
    assert.equal((await served.client.read(handle, 0, 1)).status, 22);
    await served.client.setattr(file, { mode: 0o600 });
    served.client.credentials = { uid: 1000, gid: 1000, groups: [] };
    const { status, attributes } = await served.client.read(file, 0, 1);
    served.client.credentials = { uid: 0, gid: 0, groups: [] };
    assert.equal(status, 13);
    assert.equal(attributes?.mode, 0o600);
  });
});
