import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Hash, hashOf } from '../base/hash.ts';
import { type FrameLocation, type IndexEntry, ownPack, PackIndex } from './pack-index.ts';

const noNonce = new Uint8Array(16);
const hashes = fc.nat(5000).map((number) => hashOf(Buffer.from(`${number}`)));
const frames: fc.Arbitrary<FrameLocation> = fc
  .record({ pack: hashes, start: fc.nat(2 ** 31 - 1), length: fc.nat(2 ** 20), size: fc.nat(2 ** 20) })
  .map(({ pack, start, length, size }) => ({
    pack,
    start: start * 1000,
    end: start * 1000 + length,
    size,
    checksum: start,
  }));

/** Entries in several frames of several packs, as an index that stands for many packs has them. */
const entryLists: fc.Arbitrary<IndexEntry[]> = fc
  .tuple(
    fc.uniqueArray(frames, {
      minLength: 1,
      maxLength: 20,
      selector: ({ pack, start }) => `${pack}:${start}`,
    }),
    fc.uniqueArray(hashes, { maxLength: 500, size: 'max' }),
  )
  .map(([places, names]) =>
    names.map((hash, i) => {
      const frame = places[i % places.length]!;
      const offset = i % (frame.size + 1);
      return { hash, frame, offset, length: Math.min(i, frame.size - offset) };
    }),
  );

const raw = (hash: Hash): Buffer => Buffer.from(hash, 'hex');

describe('an index', () => {
  test('equals a Map', () => {
    fc.assert(
      fc.property(entryLists, (entries) => {
        const built = PackIndex.build(entries, noNonce);
        const index = PackIndex.parse(built.bytes, built.hash);
        const model = new Map(entries.map(({ hash, ...location }) => [hash, location]));
        for (let number = 0; number < 5000; number += 7) {
          const hash = hashOf(Buffer.from(`${number}`));
          assert.deepEqual(index.lookup(raw(hash)), model.get(hash));
        }
        for (const [hash, location] of model) assert.deepEqual(index.lookup(raw(hash)), location);
        assert.deepEqual(
          [...index.entries()],
          entries.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('tells hashes apart that begin alike', () => {
    const frame = { pack: ownPack, start: 8, end: 20, size: 200, checksum: 0 };
    const alike = Array.from({ length: 100 }, (_, i) => `${'ab'.repeat(30)}${String(1000 + i)}` as Hash);
    const entries = alike.map((hash, offset) => ({ hash, frame, offset, length: 1 }));
    const index = PackIndex.build(entries, noNonce);
    for (const [offset, hash] of alike.entries()) assert.equal(index.lookup(raw(hash))?.offset, offset);
    assert.equal(index.lookup(raw(`${'ab'.repeat(30)}0999` as Hash)), undefined);
    assert.equal(index.lookup(raw(`${'ab'.repeat(30)}2000` as Hash)), undefined);
  });

  test('is the same whatever the order of its entries', () => {
    const frame = { pack: hashOf(Buffer.from('pack')), start: 8, end: 20, size: 200, checksum: 0 };
    const entries = ['a', 'b', 'c'].map((text, offset) => ({
      hash: hashOf(Buffer.from(text)),
      frame,
      offset,
      length: 1,
    }));
    assert.equal(PackIndex.build(entries, noNonce).hash, PackIndex.build(entries.toReversed(), noNonce).hash);
    assert.notEqual(
      PackIndex.build(entries, noNonce).hash,
      PackIndex.build(entries, Buffer.alloc(16, 1)).hash,
    );
  });
});

describe('what is no index', () => {
  const frame = { pack: ownPack, start: 8, end: 20, size: 3, checksum: 0 };
  const built = PackIndex.build([{ hash: hashOf(Buffer.from('abc')), frame, offset: 0, length: 3 }], noNonce);
  const rewritten = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(built.bytes);
    change(bytes);
    return bytes;
  };

  test('is refused', () => {
    const wrong = [
      Buffer.alloc(0),
      Buffer.from('no index at all, but some text that is long enough for the header of one'),
      rewritten((bytes) => bytes.writeUInt32LE(2 ** 31, 8)),
      rewritten((bytes) => bytes.writeUInt32LE(2, 16)),
    ];
    for (const bytes of wrong)
      assert.throws(() => PackIndex.parse(bytes, hashOf(bytes)), { code: 'blob/corrupt' });
    assert.throws(() => PackIndex.parse(built.bytes, hashOf(Buffer.from('other'))), { code: 'blob/corrupt' });
  });

  test('says what cannot be is refused when it is used', () => {
    const wrong = [
      // An object that ends behind its frame.
      rewritten((all) => all.writeUInt32LE(4, all.length - 4)),
      // A frame that says that it holds more than any frame may, and one that is not there.
      rewritten((all) => all.writeUInt32LE(2 ** 31, 36 + 32 + 16)),
      rewritten((all) => all.writeUInt32LE(1, all.length - 12)),
    ];
    for (const bytes of wrong) {
      const index = PackIndex.parse(bytes, hashOf(bytes));
      assert.throws(() => index.lookup(raw(hashOf(Buffer.from('abc')))), { code: 'blob/corrupt' });
    }
  });

  test('is of another version is refused as such', () => {
    for (const at of [6, 7]) {
      const bytes = rewritten((all) => all[at]!++);
      assert.throws(() => PackIndex.parse(bytes, hashOf(bytes)), {
        code: 'blob/format-unknown',
        message: /Update Micelio/,
      });
    }
  });
});
