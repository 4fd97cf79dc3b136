import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hash } from '../base/hash.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { BlobStore } from './blob-store.ts';
import { readFrames } from './bulk-read.ts';
import { pseudoRandomBytes } from './fixtures.ts';

/** 30 MiB that do not compress, in three packs, and how many requests for them are under way. */
async function largeStore() {
  const store = new MemoryStore();
  const batch = await new BlobStore(store, 'p').openBatch();
  const hashes: Hash[] = [];
  for (let n = 0; n < 60; n++) {
    hashes.push(batch.add(pseudoRandomBytes(512 * 1024, n)));
    await batch.backpressure();
  }
  await batch.flush();
  const counts = { now: 0, most: 0, all: 0 };
  const get = store.get.bind(store);
  store.get = async (...request: Parameters<ObjectStore['get']>) => {
    counts.all++;
    counts.most = Math.max(counts.most, ++counts.now);
    await new Promise((resolve) => setImmediate(resolve));
    counts.now--;
    return get(request[0], request[1]);
  };
  return { store, hashes, counts };
}

test('reads the next pieces of packs while who asked is busy with one, and no more than four', async () => {
  const { store, hashes, counts } = await largeStore();
  const blobs = new BlobStore(store, 'p');
  await blobs.indexes.ensureLoaded();
  counts.most = 0;
  counts.all = 0;
  const found: Hash[] = [];
  for await (const { objects } of readFrames(blobs, hashes)) found.push(...objects.map(({ hash }) => hash));
  assert.deepEqual(found.sort(), [...hashes].sort());
  assert.equal(counts.most, 4);
  assert.ok(counts.all >= 8 && counts.all <= 12, `${counts.all} requests`);
});

test('tells who asked of a failure when he gets there, and nobody else', async () => {
  const { store, hashes } = await largeStore();
  const blobs = new BlobStore(store, 'p');
  await blobs.indexes.ensureLoaded();
  const failure = new Error('the store is gone');
  const { get } = store;
  let asked = 0;
  store.get = (...request: Parameters<ObjectStore['get']>) =>
    ++asked > 2 ? Promise.reject(failure) : get(request[0], request[1]);
  const frames = readFrames(blobs, hashes);
  let given = 0;
  await assert.rejects(async () => {
    for await (const _ of frames) given++;
  }, failure);
  assert.ok(given > 0);
});
