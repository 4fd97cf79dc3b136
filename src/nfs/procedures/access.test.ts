import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';
import { accessRights, bitsWanted, rightsGiven } from './access.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

const all = 63;
const { read, lookup, modify, extend, delete: remove, execute } = accessRights;

/** Rights that a mode's three bits give, by type. */
const given = (type: 'file' | 'directory' | 'fifo', bits: number): number => rightsGiven(type, all, bits);

describe('ACCESS', () => {
  test('gives the rights that the bits of the mode mean for the type', () => {
    assert.equal(given('file', 7), read | modify | extend | execute);
    assert.equal(given('file', 4), read);
    assert.equal(given('file', 2), modify | extend);
    assert.equal(given('file', 1), execute);
    assert.equal(given('directory', 7), read | lookup | modify | extend | remove);
    assert.equal(given('directory', 5), read | lookup);
    assert.equal(given('directory', 2), modify | extend | remove);
    assert.equal(given('directory', 3), lookup | modify | extend | remove);
    assert.equal(given('fifo', 6), read | modify | extend);
  });

  test('asks only for what it needs', () => {
    assert.equal(bitsWanted('file', read), 4);
    assert.equal(bitsWanted('directory', lookup), 1);
    assert.equal(bitsWanted('directory', remove), 2);
    assert.equal(bitsWanted('file', lookup | remove), 0);
    assert.equal(rightsGiven('file', read, 7), read);
  });

  test('looks at user, group, supplementary groups and others', async () => {
    const attributes = { mode: 0o750, uid: 10, gid: 20 };
    const { handle } = await served.client.create(served.root, 'file', 1, attributes);
    const rightsOf = async (uid: number, gid: number, groups: number[]): Promise<number> => {
      served.client.credentials = { uid, gid, groups };
      const { status, rights, attributes } = await served.client.access(handle, all);
      served.client.credentials = { uid: 0, gid: 0, groups: [] };
      assert.equal(status, 0);
      assert.equal(attributes?.uid, 10);
      return rights;
    };
    assert.equal(await rightsOf(10, 1, []), read | modify | extend | execute);
    assert.equal(await rightsOf(11, 20, []), read | execute);
    assert.equal(await rightsOf(11, 1, [5, 20]), read | execute);
    assert.equal(
      await rightsOf(
        11,
        1,
        Array.from({ length: 16 }, (_, i) => 100 + i),
      ),
      0,
    );
  });

  test('of someone who does not say who is that of nobody', async () => {
    const attributes = { mode: 0o700, uid: 65534 };
    const { handle } = await served.client.create(served.root, 'nobody', 1, attributes);
    served.client.credentials = undefined;
    assert.equal((await served.client.access(handle, read)).rights, read);
    served.client.credentials = { uid: 0, gid: 0, groups: [] };
  });

  test('to change something is nobody’s where nothing can be changed', async () => {
    served.fileSystem.mode = 'read-only';
    assert.equal((await served.client.access(served.root, all)).rights, read | lookup);
    served.fileSystem.mode = 'read-write';
    assert.equal(
      (await served.client.access(served.root, all)).rights,
      read | lookup | modify | extend | remove,
    );
  });
});
