import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

const count = 200;

describe('READDIRPLUS', () => {
  before(async () => {
    for (let i = 0; i < count; i++) await served.client.create(served.root, `name-${i}`, 1, { mode: i });
  });

  test('lists every name with its attributes and a handle that is good', async () => {
    const { names, end, status } = await served.client.readdirplus(served.root, 0, 65_536, 65_536);
    assert.deepEqual([status, end, names.length], [0, true, count + 2]);
    for (const { inode, name, attributes, handle } of names) {
      assert.equal(attributes?.inode, inode);
      assert.deepEqual(handle, (await served.client.lookup(served.root, name)).handle);
    }
    assert.deepEqual(names[1]?.handle, served.root);
  });

  test('keeps to both counts, and says so where not one name fits', async () => {
    const found: string[] = [];
    for (let cookie = 0, end = false; !end; ) {
      const listing = await served.client.readdirplus(served.root, cookie, 65_536, 1024);
      assert.ok(listing.bytes <= 1024 && listing.names.length > 0);
      found.push(...listing.names.map(({ name }) => name));
      cookie = listing.names.at(-1)!.cookie;
      end = listing.end;
    }
    assert.equal(new Set(found).size, count + 2);
    const { bytes, names } = await served.client.readdirplus(served.root, 0, 65_536, 65_536);
    const exact = await served.client.readdirplus(served.root, 0, 65_536, bytes);
    assert.deepEqual([exact.names.length, exact.end], [names.length, true]);
    const less = await served.client.readdirplus(served.root, 0, 65_536, bytes - 1);
    assert.deepEqual([less.names.length, less.end], [names.length - 1, false]);
    // What a name costs without attributes and handle: 4 + 8 + 4 + 8 + 8 for seven letters.
    const few = await served.client.readdirplus(served.root, 2, 99, 65_536);
    assert.deepEqual([few.names.length, few.end], [3, false]);
    assert.equal((await served.client.readdirplus(served.root, 0, 65_536, 200)).status, 10005);
    assert.equal((await served.client.readdirplus(served.root, 0, 20, 65_536)).status, 10005);
  });

  test('begins again where something was missing in the middle', async () => {
    served.fileSystem.evict(50 as Parameters<typeof served.fileSystem.evict>[0]);
    const { names, status } = await served.client.readdirplus(served.root, 0, 65_536, 65_536);
    assert.deepEqual([status, names.length], [0, count + 2]);
  });
});
