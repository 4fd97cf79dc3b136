import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Served, serve } from '../fixtures/served.ts';

let served: Served;
before(async () => {
  served = await serve();
});
after(() => served.close());

const expected = ['.', '..', ...Array.from({ length: 100 }, (_, i) => `name-${'x'.repeat(i % 5)}${i}`)];

describe('READDIR', () => {
  before(async () => {
    for (const name of expected.slice(2)) await served.client.create(served.root, name, 1);
  });

  test('lists every name once, however little the client takes', async () => {
    for (const count of [160, 201, 512, 8192]) {
      const found: string[] = [];
      for (let cookie = 0, end = false; !end; ) {
        const listing = await served.client.readdir(served.root, cookie, count);
        assert.equal(listing.status, 0);
        assert.ok(listing.bytes <= count, `${listing.bytes} bytes of ${count}`);
        found.push(...listing.names.map(({ name }) => name));
        cookie = listing.names.at(-1)?.cookie ?? cookie;
        end = listing.end;
      }
      assert.deepEqual(found, expected);
    }
  });

  test('fills what the client takes to the last name that fits', async () => {
    const { bytes, names } = await served.client.readdir(served.root, 0, 8192);
    const exact = await served.client.readdir(served.root, 0, bytes);
    assert.deepEqual([exact.names.length, exact.end], [names.length, true]);
    const less = await served.client.readdir(served.root, 0, bytes - 1);
    assert.deepEqual([less.names.length, less.end], [names.length - 1, false]);
  });

  test('says so where not one name fits', async () => {
    for (const count of [0, 100, 104, 131])
      assert.equal((await served.client.readdir(served.root, 0, count)).status, 10005);
    assert.equal((await served.client.readdir(served.root, 0, 132)).names.length, 1);
  });

  test('is at its end behind the last name, and refuses cookies that were never given', async () => {
    const { names } = await served.client.readdir(served.root, 0, 8192);
    const { end, names: none } = await served.client.readdir(served.root, names.at(-1)!.cookie, 8192);
    assert.deepEqual([end, none], [true, []]);
    assert.equal((await served.client.readdir(served.root, 2 ** 60, 8192)).status, 10003);
  });

  test('of a file is no listing', async () => {
    const { handle } = await served.client.lookup(served.root, 'name-0');
    const { status, attributes } = await served.client.readdir(handle, 0, 8192);
    assert.equal(status, 20);
    assert.equal(attributes?.type, 1);
  });
});
