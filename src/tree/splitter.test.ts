import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashOf } from '../base/hash.ts';
import { buildTree } from './build.ts';
import { treeChanges } from './diff.ts';
import { type Entry, sameEntry } from './entry.ts';
import { keyOf, type TreeKey } from './key.ts';
import { listAll } from './lookup.ts';
import { MemoryNodes } from './memory-nodes.ts';
import type { TreePath } from './path.ts';
import { Splitter, sharedPrefixLength } from './splitter.ts';

const entry: Entry = { type: 'file', mode: 0o644, size: 1, hash: hashOf(Buffer.from('x')) };

/** True when `key` ends a node of leaves by itself, once the node weighs enough: found by asking a splitter. */
function cuts(key: TreeKey): boolean {
  const splitter = new Splitter(0);
  // 64 copies of nothing: 2,560 bytes of weight; then one of 448, all in front of the key in question.
  for (let i = 0; i < 64; i++) splitter.endsAfter('' as TreeKey);
  splitter.endsAfter('x'.repeat(448) as TreeKey);
  return splitter.endsAfter(key);
}

/** Paths among `count` of which each, or none, can end a node before the target weight. */
function hostilePaths(count: number, which: 'all' | 'none'): TreePath[] {
  const paths: TreePath[] = [];
  for (let i = 0; paths.length < count; i++) {
    const path = `file-${i.toString(36)}` as TreePath;
    if (cuts(keyOf(path)) === (which === 'all')) paths.push(path);
  }
  return paths;
}

function sizesOf(paths: readonly TreePath[]) {
  const nodes = new MemoryNodes();
  const root = buildTree(
    nodes,
    paths.map((path) => [path, entry] as const),
  );
  const sizes = Array.from(nodes.bytes.values(), ({ length }) => length);
  return { nodes, root, largest: Math.max(...sizes), count: sizes.length, height: nodes.node(root).level };
}

describe('the size of a node', () => {
  test('is near the target for ordinary names', () => {
    const paths = Array.from({ length: 30_000 }, (_, i) => `src/module-${i % 300}/file-${i}.ts` as TreePath);
    const { nodes, largest } = sizesOf(paths);
    const leaves = [...nodes.bytes.values()].filter((bytes) => bytes[5] === 0);
    const mean = leaves.reduce((sum, { length }) => sum + length, 0) / leaves.length;
    assert.ok(mean > 5_000 && mean < 15_000, `${mean} bytes on average`);
    assert.ok(largest < 32 * 1024, `${largest} bytes`);
  });

  test('has a floor when every name would end a node', () => {
    const paths = hostilePaths(3000, 'all');
    const { count, height } = sizesOf(paths);
    // 3 KiB and 40 bytes and more for each: at least 60 entries a node.
    assert.ok(count <= paths.length / 50, `${count} nodes for ${paths.length} entries`);
    assert.ok(height <= 2);
  });

  test('has a ceiling when no name would end one', () => {
    const { largest } = sizesOf(hostilePaths(20_000, 'none'));
    assert.ok(largest < 36 * 1024, `${largest} bytes`);
  });

  test('has a ceiling for the longest names that there are', () => {
    const paths = Array.from({ length: 300 }, (_, i) => {
      const top = hashOf(Buffer.from(`${i}`));
      return `${top}/${`${'d'.repeat(200)}/`.repeat(19)}${'n'.repeat(200)}` as TreePath;
    });
    const { largest, height, nodes, root } = sizesOf(paths);
    assert.ok(largest < 36 * 1024, `${largest} bytes`);
    assert.ok(height <= 6, `${height} levels`);
    assert.equal(nodes.node(root).count, paths.length);
  });
});

describe('hostile names', () => {
  test('make a tree that works as any other', async () => {
    const paths = [...hostilePaths(2000, 'all'), ...hostilePaths(2000, 'none')];
    const nodes = new MemoryNodes();
    const [half, whole] = [paths.slice(0, 3000), paths].map((some) =>
      buildTree(
        nodes,
        some.map((path) => [path, entry] as const),
      ),
    );
    const listed = await Array.fromAsync(listAll(nodes, whole!));
    assert.deepEqual(
      listed.map(({ path }) => path),
      paths.toSorted(),
    );
    const changes = await treeChanges(nodes, half!, whole!);
    assert.equal(changes.length, 1000);
    assert.ok(changes.every(({ before, after }) => before === undefined && sameEntry(after, entry)));
  });
});

describe('the golden vector of docs/formats/tree-nodes.md', () => {
  test('cuts behind these of the keys', () => {
    const ends = (level: number): number[] => {
      const splitter = new Splitter(level);
      const found: number[] = [];
      for (let i = 0; i < 1000; i++)
        if (splitter.endsAfter(`\0${10_000 + i}` as TreeKey)) found.push(10_000 + i);
      return found;
    };
    assert.deepEqual(ends(0), [10152, 10354, 10469, 10638, 10718, 10919]);
    assert.deepEqual(ends(1), [10218, 10465, 10549, 10767, 10895]);
  });
});

test('the shared prefix of two keys is counted in bytes', () => {
  assert.equal(sharedPrefixLength('', 'a'), 0);
  assert.equal(sharedPrefixLength('abc', 'abd'), 2);
  assert.equal(sharedPrefixLength('ab', 'abc'), 2);
});
