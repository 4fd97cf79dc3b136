import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hash } from '../base/hash.ts';
import { BlobError } from '../blob/blob-error.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { addFile, type FileContent } from '../blob/file.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { NodeStore } from '../tree/node-store.ts';
import { ContentCache } from './content-cache.ts';
import { FileSystemError, NotResident } from './file-system-error.ts';
import { filling } from './model/operation.ts';
import { resident } from './resident.ts';

const large = filling(1, 3_000_000);

/** A store with one large and one small file, that can be told to fail. */
async function stored(cacheBytes?: number) {
  const blobs = new BlobStore(new MemoryStore(), 'p');
  const batch = await blobs.openBatch();
  const largeFile = await addFile(batch, large);
  const smallFile = await addFile(batch, Buffer.from('small'));
  await batch.flush();
  const failing: { error: Error | undefined } = { error: undefined };
  const asked: Hash[] = [];
  const { get } = blobs;
  blobs.get = async (hash: Hash) => {
    asked.push(hash);
    // Slow, so that several ask for it meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    if (failing.error !== undefined) throw failing.error;
    return get.call(blobs, hash);
  };
  const cache = new ContentCache(blobs, new NodeStore(blobs), cacheBytes);
  return { cache, failing, asked, largeFile, smallFile };
}

function bytes(cache: ContentCache, file: FileContent, start: number, end: number): Promise<Buffer> {
  return resident(() => Buffer.concat(cache.read(file, start, end)));
}

describe('contents that are not in memory', () => {
  test('are fetched once, however many ask, and then there at once', async () => {
    const { cache, asked, largeFile } = await stored();
    const reads = Array.from({ length: 20 }, (_, i) => bytes(cache, largeFile, i * 1000, 2_000_000 + i));
    for (const [i, read] of (await Promise.all(reads)).entries()) {
      assert.ok(read.equals(large.subarray(i * 1000, 2_000_000 + i)));
    }
    assert.equal(new Set(asked).size, asked.length, 'nothing was fetched twice');
    const before = asked.length;
    assert.ok(Buffer.concat(cache.read(largeFile, 5, 1_900_000)).equals(large.subarray(5, 1_900_000)));
    assert.equal(asked.length, before);
  });

  test('cost the chunk that is read and a few behind it, not the file', async () => {
    const { cache, asked, largeFile } = await stored();
    await bytes(cache, largeFile, 10, 20);
    assert.ok(asked.length < 12, `${asked.length} objects`);
  });

  test('are read right by a cache that can hold hardly any', async () => {
    const { cache, largeFile } = await stored(1_200_000);
    for (let at = 0; at < large.length; at += 200_000) {
      assert.ok((await bytes(cache, largeFile, at, at + 100_000)).equals(large.subarray(at, at + 100_000)));
    }
  });

  test('that the store cannot give are an I/O error with its cause, and are asked for again', async () => {
    const { cache, failing, largeFile, smallFile } = await stored();
    failing.error = new BlobError('blob/corrupt', 'damaged');
    for (const file of [smallFile, largeFile]) {
      await assert.rejects(bytes(cache, file, 0, 5), (error) => {
        assert.ok(error instanceof FileSystemError);
        assert.equal(error.code, 'file-system/io');
        assert.equal(error.cause, failing.error);
        return true;
      });
    }
    failing.error = undefined;
    assert.equal((await bytes(cache, smallFile, 0, 5)).toString(), 'small');
    // The manifest is in memory then, and what it names is not.
    await bytes(cache, largeFile, 0, 5);
    failing.error = new Error('gone');
    await assert.rejects(bytes(cache, largeFile, 0, large.length), { code: 'file-system/io' });
    failing.error = undefined;
    assert.ok((await bytes(cache, largeFile, 0, large.length)).equals(large));
  });

  test('that nobody waits for may fail', async () => {
    const { cache, failing, smallFile } = await stored();
    failing.error = new Error('gone');
    assert.throws(() => cache.read(smallFile, 0, 5), NotResident);
    // An unhandled rejection would fail the test.
    await new Promise((resolve) => setTimeout(resolve, 20));
  });

  test('that are not what their name says are an I/O error', async () => {
    const { cache, largeFile, smallFile } = await stored();
    for (const file of [
      { ...smallFile, size: 7 },
      { ...largeFile, size: large.length + 1 },
      { ...smallFile, size: large.length },
    ]) {
      await assert.rejects(bytes(cache, file, 0, 5), { code: 'file-system/io' });
    }
  });
});
