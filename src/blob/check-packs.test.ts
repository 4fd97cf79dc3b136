import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../storage/memory-store.ts';
import { BlobStore } from './blob-store.ts';
import { checkPacks } from './check-packs.ts';
import { pseudoRandomBytes } from './fixtures.ts';

test('a check of the packs finds any flipped bit', async () => {
  const store = new MemoryStore();
  const open = () => new BlobStore(store, 'micelio-acme/projects/web');
  const batch = await open().openBatch();
  for (let i = 0; i < 6; i++)
    batch.add(Buffer.from(`object number ${i} `.repeat(20)), i % 2 === 0 ? 'node' : 'blob');
  batch.add(pseudoRandomBytes(100, 1));
  batch.add(Buffer.alloc(0));
  await batch.flush();
  assert.deepEqual((await checkPacks(open())).damage, []);
  const [{ key }] = (await Array.fromAsync(store.list('micelio-acme/projects/web/packs/'))) as [never];
  const { bytes } = (await store.get(key))!;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    // The copy of the index is covered by one hash: one bit in a byte of it is enough.
    if (bit > 3000 && bit % 8 !== 0 && bit < bytes.length * 8 - 96) continue;
    const damaged = Buffer.from(bytes);
    damaged[bit >>> 3]! ^= 1 << (bit & 7);
    await store.put(key, damaged);
    const { damage } = await checkPacks(open());
    assert.ok(damage.length > 0, `bit ${bit & 7} of byte ${bit >>> 3}`);
  }
});
