import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Hash, hashOf } from '../base/hash.ts';
import { MeasuredStore } from '../storage/measured-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectKey } from '../storage/object-store.ts';
import { BlobStore } from './blob-store.ts';
import {
  addFile,
  addFileStream,
  objectsOfFile,
  readFileRange,
  readWholeFile,
  wholeFileBytesMax,
} from './file.ts';

const prefix = 'micelio-acme/projects/web';

function open(store = new MemoryStore()): { store: MemoryStore; blobs: BlobStore } {
  return { store, blobs: new BlobStore(store, prefix) };
}

async function keys(store: MemoryStore): Promise<ObjectKey[]> {
  return (await Array.fromAsync(store.list(''))).map(({ key }) => key);
}

describe('a batch', () => {
  test('keeps whatever is added, for every process', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 3000 }), { size: 'max', maxLength: 300 }),
        async (objects) => {
          const { store, blobs } = open();
          const batch = await blobs.openBatch();
          const hashes = objects.map((bytes, i) => batch.add(bytes, i % 3 === 0 ? 'node' : 'blob'));
          await batch.flush();
          const { blobs: other } = open(store);
          for (const [i, hash] of hashes.entries()) {
            assert.equal(hash, hashOf(objects[i]!));
            assert.deepEqual(await other.get(hash), Buffer.from(objects[i]!));
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('writes many small objects as one pack and one index', async () => {
    const { store, blobs } = open();
    const batch = await blobs.openBatch();
    for (let i = 0; i < 5000; i++) batch.add(Buffer.from(`object ${i}`));
    await batch.flush();
    assert.equal((await keys(store)).length, 2);
  });

  test('writes nothing that the store has', async () => {
    const { store, blobs } = open();
    for (let round = 0; round < 3; round++) {
      const batch = await blobs.openBatch();
      for (let i = 0; i < 100; i++) batch.add(Buffer.from(`object ${i % 50}`));
      await batch.flush();
      assert.equal(batch.newObjects, round === 0 ? 50 : 0);
    }
    assert.equal((await keys(store)).length, 2);
  });

  test('is found by a process that read the indexes before it was written', async () => {
    const { store, blobs } = open();
    const reader = new BlobStore(store, prefix);
    await reader.indexes.ensureLoaded();
    const batch = await blobs.openBatch();
    const hash = batch.add(Buffer.from('late'));
    await batch.flush();
    assert.equal((await reader.get(hash)).toString(), 'late');
  });

  test('merges indexes so that there are never many, and loses none', async () => {
    const { store, blobs } = open();
    const hashes: Hash[] = [];
    for (let i = 0; i < 150; i++) {
      const batch = await blobs.openBatch();
      hashes.push(batch.add(Buffer.from(`single ${i}`)));
      await batch.flush();
    }
    const indexes = (await keys(store)).filter((key) => key.includes('/index/'));
    assert.ok(indexes.length < 70, `${indexes.length} indexes`);
    const { blobs: other } = open(store);
    for (const hash of hashes) await other.get(hash);
  });
});

describe('a damaged store', () => {
  test('is noticed at any flipped bit, and never served', async () => {
    const { store, blobs } = open();
    const batch = await blobs.openBatch();
    const hashes = Array.from({ length: 20 }, (_, i) =>
      batch.add(Buffer.from(`object number ${i} `.repeat(20))),
    );
    await batch.flush();
    for (const key of await keys(store)) {
      const { bytes } = (await store.get(key))!;
      for (let bit = 0; bit < bytes.length * 8; bit += 37) {
        const damaged = Buffer.from(bytes);
        damaged[bit >>> 3]! ^= 1 << (bit & 7);
        await store.put(key, damaged);
        const { blobs: reader } = open(store);
        for (const [i, hash] of hashes.entries()) {
          const outcome = await reader.get(hash).then(
            (object) => object.toString(),
            (error: { code?: string }) => error.code,
          );
          const fine = `object number ${i} `.repeat(20);
          assert.ok(outcome === fine || String(outcome).startsWith('blob/'), `${key} bit ${bit}: ${outcome}`);
        }
      }
      await store.put(key, bytes);
    }
  });
});

describe('a large file', () => {
  const write = async (blobs: BlobStore, bytes: Uint8Array) => {
    const batch = await blobs.openBatch();
    const file = await addFile(batch, bytes);
    await batch.flush();
    return file;
  };

  test('comes back whole, and in any range', async () => {
    const { blobs } = open();
    for (const size of [0, 1, wholeFileBytesMax, wholeFileBytesMax + 1, 5_000_000]) {
      const bytes = randomBytes(size);
      const file = await write(blobs, bytes);
      assert.equal(file.size, size);
      assert.ok((await readWholeFile(blobs, file)).equals(bytes));
      for (const [start, end] of [
        [0, 10],
        [size - 10, size + 10],
        [size >> 1, (size >> 1) + 300_000],
      ] as const) {
        const pieces = await Array.fromAsync(readFileRange(blobs, file, Math.max(0, start), end));
        assert.ok(Buffer.concat(pieces).equals(bytes.subarray(Math.max(0, start), end)));
      }
    }
  });

  test('is read with few requests', async () => {
    const { store, blobs: writer } = open();
    const bytes = randomBytes(16 * 1024 * 1024);
    const file = await write(writer, bytes);
    const measured = new MeasuredStore(store);
    const blobs = new BlobStore(measured, prefix);
    assert.ok((await readWholeFile(blobs, file)).equals(bytes));
    // Two indexes, the manifests, and windows of 3 MiB: one a chunk would be five hundred.
    const { requests } = measured.snapshot().get;
    assert.ok(requests <= 13, `${requests} requests`);
  });

  test('is the same file however its bytes arrive', async () => {
    const { blobs } = open();
    const bytes = randomBytes(3_000_000);
    const whole = await write(blobs, bytes);
    const batch = await blobs.openBatch();
    const pieces = [
      bytes.subarray(0, 7),
      bytes.subarray(7, 900_000),
      bytes.subarray(900_000, 900_001),
      bytes.subarray(900_001),
    ];
    assert.deepEqual(await addFileStream(batch, pieces), whole);
    const small = await addFileStream(batch, [bytes.subarray(0, 5), bytes.subarray(5, 10)]);
    assert.deepEqual(small, { hash: hashOf(bytes.subarray(0, 10)), size: 10 });
  });

  test('shares what it has in common with an earlier one', async () => {
    const { store, blobs } = open();
    const bytes = randomBytes(32 * 1024 * 1024);
    await write(blobs, bytes);
    const stored = async () =>
      (await Array.fromAsync(store.list(''))).reduce((sum, { size }) => sum + size, 0);
    const before = await stored();
    const file = await write(blobs, Buffer.concat([Buffer.from('0123456789'), bytes]));
    const growth = (await stored()) - before;
    assert.ok(growth < 300 * 1024, `${growth} bytes more`);
    const objects = await Array.fromAsync(objectsOfFile(blobs, file));
    assert.ok(objects.length > 400 && new Set(objects).size === objects.length);
  });
});
