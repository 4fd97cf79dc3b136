import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Hash, hashOf } from '../base/hash.ts';
import { decodeManifest, encodeManifest, ManifestBuilder, type ManifestItem } from './manifest.ts';

function chunks(count: number, seed = 0): ManifestItem[] {
  return Array.from({ length: count }, (_, i) => ({
    hash: hashOf(Buffer.from(`${seed} ${i}`)),
    size: 1000 + (i % 7),
  }));
}

function build(items: readonly ManifestItem[]) {
  const written = new Map<Hash, Buffer>();
  const builder = new ManifestBuilder((bytes) => written.set(hashOf(bytes), bytes));
  for (const item of items) builder.add(item);
  const top = builder.finish();
  const manifest = (hash: Hash) => decodeManifest(written.get(hash)!, hash);
  const leaves = (hash: Hash): readonly ManifestItem[] => {
    const { level, items: below } = manifest(hash);
    return level === 0 ? below : below.flatMap((item) => leaves(item.hash));
  };
  return { written, top, manifest, leaves };
}

describe('a manifest', () => {
  test('names the chunks in their order, whatever their number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(9), (count, seed) => {
        const items = chunks(count, seed);
        const { top, leaves } = build(items);
        assert.deepEqual(leaves(top), items);
      }),
      { numRuns: 15 },
    );
  });

  test('has levels, of which each knows the sizes below it', () => {
    const items = chunks(60_000);
    const { top, manifest, written } = build(items);
    const { level, items: below } = manifest(top);
    assert.equal(level, 2);
    for (const item of below) {
      const child = manifest(item.hash);
      assert.equal(child.level, 1);
      assert.equal(
        child.items.reduce((sum, { size }) => sum + size, 0),
        item.size,
      );
    }
    const lengths = [...written.keys()].map((hash) => manifest(hash).items.length);
    assert.ok(Math.max(...lengths) <= 1024);
  });

  test('shares what it can when a chunk is put in front', () => {
    const items = chunks(20_000);
    const before = build(items);
    const after = build([{ hash: hashOf(Buffer.from('new')), size: 5 }, ...items]);
    const fresh = [...after.written.keys()].filter((hash) => !before.written.has(hash));
    assert.ok(fresh.length <= 4, `${fresh.length} of ${after.written.size} are new`);
  });

  test('is as bounded as ever where hashes are chosen so that no item ends one', () => {
    const hostile = chunks(5000).map(({ size }) => ({ hash: 'ff'.repeat(32) as Hash, size }));
    const { written, manifest } = build(hostile);
    for (const hash of written.keys()) assert.ok(manifest(hash).items.length <= 1024);
  });
});

describe('what is no manifest', () => {
  const bytes = encodeManifest({ level: 0, items: chunks(3) });
  const hash = hashOf(bytes);

  test('is refused', () => {
    for (const wrong of [Buffer.alloc(0), Buffer.from('plain text, no manifest'), bytes.subarray(0, -1)])
      assert.throws(() => decodeManifest(wrong, hash), { code: 'blob/corrupt' });
  });

  test('because it is of another version is refused as such', () => {
    for (const at of [6, 7]) {
      const newer = Buffer.from(bytes);
      newer[at]!++;
      assert.throws(() => decodeManifest(newer, hash), {
        code: 'blob/format-unknown',
        message: /Update Micelio/,
      });
    }
  });
});

describe('the golden vector of docs/formats/large-files.md', () => {
  test('is this manifest', () => {
    const items = [
      { hash: hashOf(Buffer.from('a')), size: 1 },
      { hash: hashOf(Buffer.from('bc')), size: 2 },
    ];
    const bytes = encodeManifest({ level: 0, items });
    assert.equal(
      bytes.toString('hex'),
      [
        '4d49434d414e0001',
        '00000000',
        'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
        '0100000000000000',
        hashOf(Buffer.from('bc')),
        '0200000000000000',
      ].join(''),
    );
    assert.equal(hashOf(bytes), '74a4a823c492e339036daed2d17770ae3c43ce396659a48c248753e7355e1227');
  });
});
