import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { InodeNumber } from '../vfs/file-system.ts';
import { exportKey } from './exports.ts';
import { FileHandles } from './file-handle.ts';
import { XdrReader } from './xdr/reader.ts';
import { XdrWriter } from './xdr/writer.ts';

const key = Buffer.alloc(32, 7);
const first = exportKey('00112233445566778899aabbccddeeff');
const golden = '0100000000112233445566778899aabbccddeeff0000000100000002c827a3b59b0da0c6d720412ca9680d5b';

function made(handles: FileHandles, exported = first, inode = 0x1_0000_0002): Buffer {
  const writer = new XdrWriter();
  handles.write(writer, exported, inode as InodeNumber);
  return Buffer.concat(writer.take());
}

const bad = { code: 'nfs/bad-handle' };

describe('a file handle', () => {
  test('is what docs/formats/file-handles.md says', () => {
    const handle = made(new FileHandles(key));
    assert.equal(handle.toString('hex'), `0000002c${golden}`);
    const signed = handle.subarray(4, 32);
    const code = createHmac('sha256', key).update(signed).digest().subarray(0, 16);
    assert.deepEqual(handle.subarray(32), code);
  });

  test('is recognised by any server that has the key, with much or little memory of others', () => {
    const id = fc.stringMatching(/^[0-9a-f]{32}$/);
    const files = fc.array(fc.tuple(id, fc.maxSafeNat()), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(files, (all) => {
        const maker = new FileHandles(key, 2);
        const reader = new FileHandles(key, 2);
        for (let round = 0; round < 2; round++) {
          for (const [text, inode] of all) {
            const found = reader.read(new XdrReader(made(maker, exportKey(text), inode)));
            assert.deepEqual([found.exported.id, found.inode], [text, inode]);
          }
        }
      }),
    );
  });

  test('is worth nothing when a bit of it is another, or the key, remembered or not', () => {
    const handles = new FileHandles(key);
    const handle = made(handles);
    for (let bit = 0; bit < (handle.length - 4) * 8; bit++) {
      const forged = Buffer.from(handle);
      forged[4 + (bit >> 3)]! ^= 1 << (bit & 7);
      assert.throws(() => handles.read(new XdrReader(forged)), bad);
      assert.throws(() => new FileHandles(key, 2).read(new XdrReader(forged)), bad);
    }
    assert.throws(() => new FileHandles(Buffer.alloc(32, 8)).read(new XdrReader(handle)), bad);
    assert.doesNotThrow(() => handles.read(new XdrReader(handle)));
  });

  test('of another length is refused, and what stands behind it is still found', () => {
    for (const length of [0, 4, 43, 45, 64]) {
      const writer = new XdrWriter();
      writer.opaque(Buffer.alloc(length, 1));
      writer.uint32(42);
      const reader = new XdrReader(Buffer.concat(writer.take()));
      assert.throws(() => new FileHandles(key).read(reader), bad);
      assert.equal(reader.uint32(), 42);
    }
    const tooLong = new XdrReader(Buffer.concat([Buffer.from('00000041', 'hex'), Buffer.alloc(68)]));
    assert.throws(() => new FileHandles(key).read(tooLong), { code: 'nfs/malformed' });
  });

  test('needs a key that is long enough', () => {
    assert.throws(() => new FileHandles(Buffer.alloc(15)), RangeError);
    assert.throws(() => new FileHandles(Buffer.alloc(65)), RangeError);
  });
});
