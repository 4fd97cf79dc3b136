import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hashOf } from '../base/hash.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { BlobStore } from './blob-store.ts';
import { chunkBytesMax, chunkBytesMin, chunkBytesTarget, chunksOf, gearTable } from './chunker.ts';
import { addFile } from './file.ts';
import { pseudoRandomBytes } from './fixtures.ts';

async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (let i = 0; start < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

async function cut(bytes: Buffer, sizes: readonly number[] = [1 << 20]): Promise<Buffer[]> {
  return Array.fromAsync(chunksOf(pieces(bytes, sizes)), (chunk) => Buffer.from(chunk));
}

const content = fc.oneof(
  fc.tuple(fc.nat(1_500_000), fc.nat(1000)).map(([size, seed]) => pseudoRandomBytes(size, seed)),
  // No content at all to cut by: every chunk is as long as it may be.
  fc.tuple(fc.nat(1_500_000), fc.nat(255)).map(([size, byte]) => Buffer.alloc(size, byte)),
);

describe('chunks', () => {
  test('make up the input, keep their bounds, and are the same however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.array(fc.integer({ min: 8000, max: 400_000 }), { minLength: 1, maxLength: 5 }),
        async (bytes, sizes) => {
          const chunks = await cut(bytes, sizes);
          assert.ok(Buffer.concat(chunks).equals(bytes));
          assert.ok(chunks.every(({ length }) => length <= chunkBytesMax));
          assert.ok(chunks.slice(0, -1).every(({ length }) => length >= chunkBytesMin));
          assert.deepEqual(await cut(bytes), chunks);
        },
      ),
      { numRuns: 12 },
    );
  });

  test('are the same again soon behind something that was put in', async () => {
    const bytes = pseudoRandomBytes(8 << 20, 7);
    const before = await cut(bytes);
    for (const at of [0, 1_000_000, bytes.length >> 1]) {
      const changed = Buffer.concat([bytes.subarray(0, at), Buffer.from('0123456789'), bytes.subarray(at)]);
      const known = new Set(before.map(hashOf));
      const fresh = (await cut(changed)).filter((chunk) => !known.has(hashOf(chunk)));
      assert.ok(fresh.length <= 4, `${fresh.length} new chunks after an insertion at ${at}`);
    }
  });

  test('are of about the size that they should be', async () => {
    const chunks = await cut(pseudoRandomBytes(16 << 20, 3));
    const mean = (16 << 20) / chunks.length;
    assert.ok(mean > chunkBytesTarget * 0.9 && mean < chunkBytesTarget * 1.4, `${mean} bytes`);
  });
});

describe('the golden vector of docs/formats/large-files.md', () => {
  test('has this gear table', () => {
    const first = [...gearTable.subarray(0, 4)].map((number) => (number >>> 0).toString(16));
    assert.deepEqual(first, ['6cc05c04', '3ed6dc34', '82b77ea', 'f715df41']);
    const bytes = Buffer.alloc(256 * 4);
    for (const [byte, number] of gearTable.entries()) bytes.writeInt32LE(number, byte * 4);
    assert.equal(hashOf(bytes), '70fcf266dcd19bb595108e4ce7117dc0e19535f4fec944708946ba8adb3141d1');
  });

  test('cuts and names this file so', async () => {
    const bytes = pseudoRandomBytes(1_200_000, 1);
    assert.equal(hashOf(bytes), '41eff98f5ce2978175c8724d147fea3735d09108fecdf360600cd0a29e830396');
    const chunks = await cut(bytes);
    assert.equal(chunks.length, 32);
    assert.deepEqual(
      chunks.slice(0, 4).map(({ length }) => length),
      [42866, 39366, 30927, 35864],
    );
    assert.equal(hashOf(chunks[0]!), '50f32eef121652d634179e600fb05381647d842d9efb504354b7d4c0b63e29fb');
    const batch = await new BlobStore(new MemoryStore(), 'micelio-acme/projects/web').openBatch();
    assert.deepEqual(await addFile(batch, bytes), {
      hash: 'bb1bc88d02f1df233ab1b588f074b89f40d4135e8b44757db04ee58245438509',
      size: 1_200_000,
    });
  });
});
