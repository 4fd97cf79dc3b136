import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { compress, decompress } from './compression.ts';
import { pseudoRandomBytes } from './fixtures.ts';
import { skippableFrame } from './skippable-frame.ts';

describe('a compressed frame', () => {
  test('gives back what it was made of, also when many are made at once', async () => {
    const inputs = [0, 1, 16 * 1024, 16 * 1024 + 1, 70_000, 1 << 20].flatMap((size) => [
      pseudoRandomBytes(size, size),
      Buffer.alloc(size, 'text '),
    ]);
    const frames = await Promise.all(inputs.map((bytes) => compress(bytes)));
    for (const [i, frame] of frames.entries())
      assert.ok(decompress(frame, inputs[i]!.length, 'it').equals(inputs[i]!));
  });

  test('may have one to be skipped in front of it', async () => {
    const frame = await compress(Buffer.from('some text'));
    const behind = Buffer.concat([skippableFrame(Buffer.from('hints')), frame]);
    assert.equal(decompress(behind, 100, 'it').toString(), 'some text');
    const cut = Buffer.from(behind);
    cut.writeUInt32LE(behind.length, 4);
    assert.throws(() => decompress(cut, 100, 'it'), { code: 'blob/corrupt' });
  });

  test('that holds more than it should is refused before it fills the memory', () => {
    const bomb = zstdCompressSync(Buffer.alloc(256 << 20));
    assert.ok(bomb.length < 64 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    assert.throws(() => decompress(bomb, 64 * 1024, 'Pack x'), { code: 'blob/corrupt', message: /Pack x/ });
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 << 20);
  });

  test('that is damaged is refused', async () => {
    const frame = Buffer.from(await compress(Buffer.from('some text '.repeat(100))));
    assert.throws(() => decompress(frame.subarray(0, -4), 1000, 'it'), { code: 'blob/corrupt' });
    assert.throws(() => decompress(Buffer.from('no frame'), 1000, 'it'), { code: 'blob/corrupt' });
  });
});
