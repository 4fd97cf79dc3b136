import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { hashOf } from '../base/hash.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { BlobStore } from './blob-store.ts';
import { readPackIndex } from './pack-reader.ts';
import { PackWriter } from './pack-writer.ts';

const [first, second] = [Buffer.from('hello'), Buffer.from('world')];
/** A zstd frame with one block that is not compressed, as RFC 8878 has it: the same bytes whatever the library. */
const frame = Buffer.concat([Buffer.from('28b52ffd200a510000', 'hex'), first, second]);

function examplePack() {
  const writer = new PackWriter({ bytes: (count) => Buffer.alloc(count, 0x11) });
  writer.addFrame(frame, [
    { hash: hashOf(first), bytes: first },
    { hash: hashOf(second), bytes: second },
  ]);
  return writer.finish();
}

async function storeExample(pack: Uint8Array) {
  const blobs = new BlobStore(new MemoryStore(), 'micelio-acme/projects/web');
  const { index } = examplePack();
  await blobs.store.put(blobs.layout.pack(index.hash), pack);
  await blobs.store.put(blobs.layout.index(index.hash), index.bytes);
  return blobs;
}

describe('the golden vector of docs/formats/packs.md', () => {
  test('is this pack', () => {
    const { bytes, index } = examplePack();
    const hex = (start: number, end: number): string => bytes.toString('hex', start, end);
    assert.equal(hex(0, 8), '4d494350414b0001');
    assert.equal(hex(8, 27), frame.toString('hex'));
    assert.equal(bytes.subarray(27, -12).equals(index.bytes), true);
    assert.equal(hex(bytes.length - 12, bytes.length), 'b80400004d494350414b0001');
    assert.equal(bytes.length, 27 + 1208 + 12);
    assert.equal(hashOf(bytes), 'f94032ab79380bf69f8c0160393010ba24bf3818aa8fbf5473301035e175a131');
  });

  test('has this index', () => {
    const { index } = examplePack();
    const hex = (start: number, end: number): string => index.bytes.toString('hex', start, end);
    assert.equal(hex(0, 8), '4d49434944580001');
    assert.equal(hex(8, 20), '010000000100000002000000');
    assert.equal(hex(20, 36), '11'.repeat(16));
    assert.equal(hex(36, 68), '00'.repeat(32));
    assert.equal(hex(68, 92), '00000000080000000000130000000000' + '0a000000' + '019e263a');
    assert.equal(crc32(frame), 0x3a269e01);
    // How many hashes begin with a smaller byte: "hello" begins with 2c, "world" with 48.
    const fanout = Array.from({ length: 257 }, (_, i) => index.bytes.readUInt32LE(92 + i * 4));
    assert.deepEqual(fanout, [...Array(45).fill(0), ...Array(28).fill(1), ...Array(184).fill(2)]);
    assert.equal(hex(1120, 1152), hashOf(first));
    assert.equal(hex(1152, 1164), '000000000000000005000000');
    assert.equal(hex(1164, 1196), hashOf(second));
    assert.equal(hex(1196, 1208), '000000000500000005000000');
    assert.equal(index.hash, 'b9f6415ec3a1a5b95ce0bd97c58bf0ef5c7f77fc6f66db72599d0d1f5cffad47');
  });

  test('is read', async () => {
    const blobs = await storeExample(examplePack().bytes);
    assert.equal((await blobs.get(hashOf(first))).toString(), 'hello');
    assert.equal((await blobs.get(hashOf(second))).toString(), 'world');
  });
});

describe('a pack', () => {
  test('has a name of its own though it holds what another one holds', () => {
    let nonce = 0;
    const names = Array.from({ length: 3 }, () => {
      const writer = new PackWriter({ bytes: (count) => Buffer.alloc(count, nonce++) });
      writer.addFrame(frame, [{ hash: hashOf(first), bytes: first }]);
      return writer.finish().index.hash;
    });
    assert.equal(new Set(names).size, 3);
  });

  test('gives its index from its own end', async () => {
    const { bytes, index } = examplePack();
    const { store, layout } = await storeExample(bytes);
    assert.deepEqual((await readPackIndex(store, layout, index.hash))?.bytes, index.bytes);
    await store.put(layout.pack(index.hash), bytes.subarray(0, -1));
    assert.equal(await readPackIndex(store, layout, index.hash), undefined);
    await store.delete(layout.pack(index.hash));
    assert.equal(await readPackIndex(store, layout, index.hash), undefined);
  });

  test('of another version is refused as such', async () => {
    const { bytes, index } = examplePack();
    bytes[bytes.length - 1]!++;
    const { store, layout } = await storeExample(bytes);
    await assert.rejects(readPackIndex(store, layout, index.hash), {
      code: 'blob/format-unknown',
      message: /Update Micelio/,
    });
  });
});
