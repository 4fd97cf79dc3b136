import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Hash, hashOf } from '../base/hash.ts';
import { buildTree } from './build.ts';
import type { Entry } from './entry.ts';
import { keyOf, pathOfKey, type TreeKey } from './key.ts';
import { MemoryNodes } from './memory-nodes.ts';
import { decodeNode, encodeInner, encodeLeaf, type InnerNode, type LeafNode } from './node.ts';
import type { TreePath } from './path.ts';

const hello = hashOf(Buffer.from('hello'));

/** The tree of the format page: one entry of each type. */
const example: readonly (readonly [string, Entry])[] = [
  ['link', { type: 'symlink', size: 7, hash: hashOf(Buffer.from('src/a.c')) }],
  ['src', { type: 'directory', mode: 0o755 }],
  ['vendor', { type: 'gitlink', commit: '0123456789abcdef0123456789abcdef01234567' }],
  ['src/a.c', { type: 'file', mode: 0o644, size: 5, hash: hello }],
  ['src/b.sh', { type: 'file', mode: 0o755, size: 300, hash: hello }],
];

describe('the golden vectors of docs/formats/tree-nodes.md', () => {
  test('are this leaf', () => {
    const bytes = encodeLeaf(example.map(([path, entry]) => ({ key: keyOf(path as TreePath), entry })));
    const lines = [
      '4d49544e 01 00 0500',
      `00 05 006c696e6b 02 07 ${hashOf(Buffer.from('src/a.c'))}`,
      '01 03 737263 b50f',
      '01 06 76656e646f72 03 14 0123456789abcdef0123456789abcdef01234567',
      `00 07 73726300612e63 900d 05 ${hello}`,
      `04 04 622e7368 b40f ac02 ${hello}`,
    ];
    assert.equal(bytes.toString('hex'), lines.join('').replaceAll(' ', ''));
    const nodes = new MemoryNodes();
    const root = buildTree(
      nodes,
      example.map(([path, entry]) => [path as TreePath, entry] as const),
    );
    assert.equal(root, hashOf(bytes));
    assert.equal(root, '3e90577b1f6fe5fc68ba38a5f7f2cf2c3d2bc7cbfd1c8d60a5ed804bf7d58e95');
  });

  test('are this empty tree', () => {
    const root = buildTree(new MemoryNodes(), []);
    assert.equal(encodeLeaf([]).toString('hex'), '4d49544e01000000');
    assert.equal(root, '6f91ecbbab907ce71fade3fa72a32052ad2fa5ff5772bd5ab25e05cc0c8b27f1');
  });

  test('are this inner node', () => {
    const bytes = encodeInner(1, [
      { key: keyOf('src' as TreePath), hash: hello, count: 2 },
      { key: keyOf('src/b.sh' as TreePath), hash: hello, count: 200 },
    ]);
    assert.equal(
      bytes.toString('hex'),
      `4d49544e 01 01 0200 00 04 00737263 02 ${hello} 00 08 73726300622e7368 c801 ${hello}`.replaceAll(
        ' ',
        '',
      ),
    );
    assert.equal(hashOf(bytes), '8372baf4a79aac0274261b638c6d98acc8c8fd2358cc43067ac5a6a9d7f53712');
  });

  test('are these roots of larger trees', () => {
    const roots = [1_000, 100_000].map((count) => {
      const nodes = new MemoryNodes();
      const file: Entry = { type: 'file', mode: 0o644, size: 5, hash: hello };
      const root = buildTree(
        nodes,
        Array.from({ length: count }, (_, i) => [`d${i % 10}/f${i}` as TreePath, file] as const),
      );
      return [nodes.node(root).level, root];
    });
    assert.deepEqual(roots, [
      [1, 'e6358d480d2d353a498df73f2b836b162a98ef8fae8eb56a37fc069ec5bbe3e5'],
      [2, 'cf935464ac7bd56e1f3513a464ebec89a4e97d7ea7c7803455cfc0d4a0eb1562'],
    ]);
  });
});

describe('a node', () => {
  const hashes = fc.nat(50).map((number) => hashOf(Buffer.from(`${number}`)));
  const entries: fc.Arbitrary<Entry> = fc.oneof(
    fc
      .tuple(fc.nat(0o777), fc.maxSafeNat(), hashes)
      .map(([mode, size, hash]) => ({ type: 'file' as const, mode, size, hash })),
    fc.nat(0o777).map((mode) => ({ type: 'directory' as const, mode })),
    fc.tuple(fc.nat(4095), hashes).map(([size, hash]) => ({ type: 'symlink' as const, size, hash })),
    fc.constantFrom('0a'.repeat(20), 'f1'.repeat(32)).map((commit) => ({ type: 'gitlink' as const, commit })),
  );
  const keys = fc
    .uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '\0', '/', '\xff'), maxLength: 12 }), {
      maxLength: 100,
    })
    .map((texts) => texts.sort() as TreeKey[]);

  test('of entries comes back as it was', () => {
    fc.assert(
      fc.property(keys, fc.array(entries, { minLength: 100, maxLength: 100 }), (sorted, values) => {
        const items = sorted.map((key, i) => ({ key, entry: values[i]! }));
        const bytes = encodeLeaf(items);
        const node = decodeNode(bytes, hashOf(bytes)) as LeafNode;
        assert.deepEqual(node.items(), items);
        assert.equal(node.count, items.length);
      }),
    );
  });

  test('of nodes comes back as it was', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 255 }), fc.nat(2 ** 40), (sorted, level, count) => {
        const items = sorted.map((key, i) => ({ key, hash: hello, count: count + i }));
        const bytes = encodeInner(level, items);
        const node = decodeNode(bytes, hashOf(bytes)) as InnerNode;
        assert.equal(node.level, level);
        assert.deepEqual(
          node.children,
          items.map(({ key, hash, count: below }) => ({ key, count: below, hash })),
        );
      }),
    );
  });

  test('is refused when it is none, or damaged in any way that can be seen', () => {
    const bytes = encodeLeaf([
      { key: keyOf('a' as TreePath), entry: example[3]![1] },
      { key: keyOf('b' as TreePath), entry: example[4]![1] },
    ]);
    const hash = hashOf(bytes);
    const swapped = Buffer.from(bytes);
    swapped[11] = 0x7a;
    const wrong = [
      Buffer.alloc(0),
      Buffer.from('some text'),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      swapped,
    ];
    for (const broken of wrong) assert.throws(() => decodeNode(broken, hash), { code: 'tree/corrupt' });
    // Whatever a bit becomes, a reader ends with a node or with this error, and never reads past the end.
    for (let bit = 64; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      try {
        (decodeNode(flipped, hash) as LeafNode).items();
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'tree/corrupt');
      }
    }
  });

  test('of another version is refused as such', () => {
    const bytes = encodeLeaf([]);
    bytes[4]!++;
    assert.throws(() => decodeNode(bytes, hello as Hash), {
      code: 'tree/format-unknown',
      message: /Update Micelio/,
    });
  });
});

test('keys keep the children of a directory together, and give the path back', () => {
  const paths = [
    'a',
    'a-b',
    'a.b',
    'a/x',
    'a/x/y',
    'a/x-y',
    'a-b/c',
    'b',
    'b/c',
    '\xff',
    '\xff/\x01',
  ] as TreePath[];
  const sorted = paths.map(keyOf).sort();
  assert.deepEqual(sorted.map(pathOfKey), [
    'a',
    'a-b',
    'a.b',
    'b',
    '\xff',
    'a/x',
    'a/x-y',
    'a-b/c',
    'a/x/y',
    'b/c',
    '\xff/\x01',
  ]);
});
