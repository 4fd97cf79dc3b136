import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

describe('LOOKUP', () => {
  test('finds a name, with its attributes and those of the directory', async () => {
    const made = await served.client.create(served.root, 'na\xffme', 1, { mode: 0o640 });
    const found = await served.client.lookup(served.root, 'na\xffme');
    assert.equal(found.status, 0);
    assert.deepEqual(found.handle, made.handle);
    assert.equal(found.attributes?.mode, 0o640);
    assert.equal(found.directory?.inode, served.fileSystem.root);
  });

  test('finds the directory itself and the one above', async () => {
    const { handle } = await served.client.mkdir(served.root, 'directory');
    assert.deepEqual((await served.client.lookup(handle, '.')).handle, handle);
    assert.deepEqual((await served.client.lookup(handle, '..')).handle, served.root);
  });

  test('of what is not there still tells of the directory', async () => {
    const { status, directory } = await served.client.lookup(served.root, 'nothing');
    assert.equal(status, 2);
    assert.equal(directory?.inode, served.fileSystem.root);
  });

  test('has a status for a name that is too long, and for a directory that is none', async () => {
    assert.equal((await served.client.lookup(served.root, 'x'.repeat(256))).status, 63);
    const { handle } = await served.client.create(served.root, 'file', 1);
    assert.equal((await served.client.lookup(handle, 'name')).status, 20);
  });
});
