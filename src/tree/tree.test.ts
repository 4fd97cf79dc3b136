import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hashOf } from '../base/hash.ts';
import { buildTree } from './build.ts';
import { treeChanges } from './diff.ts';
import { editTree, type TreeEdit } from './edit.ts';
import { editEntries } from './edit-level.ts';
import { type Entry, sameEntry } from './entry.ts';
import { compareKeys, keyOf } from './key.ts';
import { countEntries, entryAtRank, listAll, listDirectory, lookup, rankOf } from './lookup.ts';
import { MemoryNodes } from './memory-nodes.ts';
import { type FileName, isTreePath, type TreePath } from './path.ts';

function file(content: string, mode = 0o644): Entry {
  return { type: 'file', mode, size: content.length, hash: hashOf(Buffer.from(content)) };
}

const entries: fc.Arbitrary<Entry> = fc.oneof(
  fc
    .record({ content: fc.string(), mode: fc.constantFrom(0o644, 0o755, 0o600) })
    .map(({ content, mode }) => file(content, mode)),
  fc.constant<Entry>({ type: 'directory', mode: 0o755 }),
  fc.nat(1000).map((size): Entry => ({ type: 'symlink', size, hash: hashOf(Buffer.from(String(size))) })),
  fc.constantFrom('a'.repeat(40), 'b'.repeat(64)).map((commit): Entry => ({ type: 'gitlink', commit })),
);

/** Paths with few distinct segments, so that edits meet; any byte may occur. */
const paths: fc.Arbitrary<TreePath> = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'b', 'a-b', '\xff', 'node_modules'),
      fc.nat(300).map((n) => `f${n}`),
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((segments) => segments.join('/') as TreePath);

const maps = fc
  .array(fc.tuple(paths, entries), { maxLength: 600, size: 'max' })
  .map((pairs) => new Map(pairs));

/** A tree of many files, for what needs several levels. */
function manyFiles(count: number): Map<TreePath, Entry> {
  const map = new Map<TreePath, Entry>();
  for (let i = 0; i < count; i++) {
    map.set(`src/dir${i % 97}/sub${i % 13}/file-number-${i}.ts` as TreePath, file(String(i)));
  }
  return map;
}

function sorted(map: ReadonlyMap<TreePath, Entry>): [TreePath, Entry][] {
  return [...map].sort(([a], [b]) => compareKeys(keyOf(a), keyOf(b)));
}

function editsOf(edits: Iterable<readonly [TreePath, Entry | undefined]>) {
  return Array.from(edits, ([path, entry]) => ({ key: keyOf(path), entry })).sort((a, b) =>
    compareKeys(a.key, b.key),
  );
}

async function contents(
  nodes: MemoryNodes,
  root: ReturnType<typeof buildTree>,
): Promise<[TreePath, Entry][]> {
  return (await Array.fromAsync(listAll(nodes, root))).map(({ path, entry }) => [path, entry]);
}

describe('a tree equals a sorted map', () => {
  test('under random edits, and each state is the same tree as one built at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        maps,
        fc.array(fc.array(fc.tuple(paths, fc.option(entries, { nil: undefined })), { maxLength: 60 }), {
          maxLength: 6,
        }),
        async (initial, rounds) => {
          const nodes = new MemoryNodes();
          const model = new Map(initial);
          let root = buildTree(nodes, model);
          for (const round of rounds) {
            const edits = new Map(round);
            for (const [path, entry] of edits) {
              if (entry === undefined) model.delete(path);
              else model.set(path, entry);
            }
            root = await editEntries(nodes, root, editsOf(edits));
            assert.equal(root, buildTree(nodes, model));
          }
          assert.deepEqual(await contents(nodes, root), sorted(model));
          assert.equal(await countEntries(nodes, root), model.size);
          for (const [path, entry] of model) assert.deepEqual(await lookup(nodes, root, path), entry);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('with several levels, edited in any order', async () => {
    const nodes = new MemoryNodes();
    const model = manyFiles(20_000);
    const whole = buildTree(nodes, model);
    assert.ok((await nodes.node(whole)).level >= 2);
    const all = [...model];
    let root = buildTree(nodes, []);
    for (let start = 0; start < 7; start++) {
      root = await editEntries(nodes, root, editsOf(all.filter((_, i) => i % 7 === start)));
    }
    assert.equal(root, whole);
    for (const victims of [
      all.slice(0, 5),
      all.slice(9000, 15_000),
      all.filter((_, i) => i % 1000 === 0),
      all,
    ]) {
      const without = await editEntries(nodes, whole, editsOf(victims.map(([path]) => [path, undefined])));
      const rest = new Map(model);
      for (const [path] of victims) rest.delete(path);
      assert.equal(without, buildTree(nodes, rest));
      assert.equal(await editEntries(nodes, without, editsOf(victims)), whole);
    }
  });

  test('new content does not move the boundaries of nodes', async () => {
    const nodes = new MemoryNodes();
    const model = manyFiles(20_000);
    const root = buildTree(nodes, model);
    const before = nodes.bytes.size;
    const path = [...model.keys()][777]!;
    await editEntries(nodes, root, editsOf([[path, file('other')]]));
    assert.equal(nodes.bytes.size - before, (await nodes.node(root)).level + 1);
  });
});

describe('rank and select', () => {
  test('are inverse', async () => {
    const nodes = new MemoryNodes();
    const model = manyFiles(5000);
    const root = buildTree(nodes, model);
    for (const [rank, [path, entry]] of sorted(model).entries()) {
      if (rank % 17 !== 0) continue;
      assert.equal(await rankOf(nodes, root, path), rank);
      assert.deepEqual(await entryAtRank(nodes, root, rank), { path, entry });
    }
    assert.equal(await entryAtRank(nodes, root, 5000), undefined);
  });
});

describe('a difference', () => {
  test('between any two trees, applied to the first, gives the second', async () => {
    await fc.assert(
      fc.asyncProperty(maps, maps, fc.boolean(), async (first, second, related) => {
        const nodes = new MemoryNodes();
        const after = related ? new Map([...first, ...second]) : second;
        const [a, b] = [buildTree(nodes, first), buildTree(nodes, after)];
        const changes = await treeChanges(nodes, a, b);
        assert.equal(await editEntries(nodes, a, editsOf(changes.map((c) => [c.path, c.after]))), b);
        for (const { path, before, after: now } of changes) {
          assert.ok(
            sameEntry(before, first.get(path)) && sameEntry(now, after.get(path)) && !sameEntry(before, now),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test('reads nodes as the changes grow, not as the tree grows', async () => {
    const readsFor = async (size: number): Promise<number> => {
      const nodes = new MemoryNodes();
      const model = manyFiles(size);
      const a = buildTree(nodes, model);
      const changed = [...model.keys()].filter((_, i) => i % Math.floor(size / 10) === 3);
      const b = await editEntries(nodes, a, editsOf(changed.map((path) => [path, file('changed')])));
      nodes.reads = 0;
      assert.equal((await treeChanges(nodes, a, b)).length, changed.length);
      return nodes.reads;
    };
    const [small, large] = [await readsFor(5_000), await readsFor(80_000)];
    assert.ok(large < small * 2.5, `${small} reads of 5,000 entries, ${large} of 80,000`);
  });
});

describe('a directory', () => {
  test('is listed in order, from any name on', async () => {
    const nodes = new MemoryNodes();
    const model = new Map<TreePath, Entry>();
    for (let i = 0; i < 3000; i++) model.set(`d/${i}` as TreePath, file('x'));
    model
      .set('d-e' as TreePath, file('x'))
      .set('d/1/z' as TreePath, file('x'))
      .set('d' as TreePath, { type: 'directory', mode: 0o755 });
    const root = buildTree(nodes, model);
    const names = (await Array.fromAsync(listDirectory(nodes, root, 'd' as TreePath))).map(
      ({ name }) => name,
    );
    assert.deepEqual(names, Array.from({ length: 3000 }, (_, i) => String(i)).sort());
    const rest = (await Array.fromAsync(listDirectory(nodes, root, 'd' as TreePath, '2998' as FileName))).map(
      ({ name }) => name,
    );
    assert.deepEqual(rest, names.slice(names.indexOf('2998' as FileName) + 1));
  });
});

describe('editTree', () => {
  const edit = async (start: Record<string, Entry>, edits: Record<string, Entry | undefined>) => {
    const nodes = new MemoryNodes();
    const root = await editTree(nodes, buildTree(nodes, []), listed(start));
    return Object.fromEntries(await contents(nodes, await editTree(nodes, root, listed(edits))));
  };
  const listed = (edits: Record<string, Entry | undefined>): TreeEdit[] =>
    Object.entries(edits).map(([path, entry]) => ({ path: path as TreePath, entry }));
  const directory: Entry = { type: 'directory', mode: 0o755 };

  test('makes the directories above a new file', async () => {
    assert.deepEqual(await edit({}, { 'a/b/c': file('1') }), {
      a: directory,
      'a/b': directory,
      'a/b/c': file('1'),
    });
  });

  test('removes a directory when the last file goes, and keeps one with content', async () => {
    const start = { 'a/b/c': file('1'), 'a/d': file('2') };
    assert.deepEqual(await edit(start, { a: undefined, 'a/b': undefined, 'a/b/c': undefined }), {
      a: directory,
      'a/d': file('2'),
    });
    assert.deepEqual(
      await edit(start, { a: undefined, 'a/b': undefined, 'a/b/c': undefined, 'a/d': undefined }),
      {},
    );
    assert.deepEqual(
      await edit(start, {
        a: undefined,
        'a/new': file('3'),
        'a/b': undefined,
        'a/b/c': undefined,
        'a/d': undefined,
      }),
      {
        a: directory,
        'a/new': file('3'),
      },
    );
  });

  test('turns a directory into a file and back only when nothing is lost', async () => {
    assert.deepEqual(await edit({ 'a/b': file('1') }, { a: file('2'), 'a/b': undefined }), { a: file('2') });
    assert.deepEqual(await edit({ a: file('1') }, { a: undefined, 'a/b': file('2') }), {
      a: directory,
      'a/b': file('2'),
    });
    await assert.rejects(edit({ 'a/b': file('1') }, { a: file('2') }), { code: 'tree/directory-not-empty' });
    await assert.rejects(edit({ a: file('1') }, { 'a/b': file('2') }), { code: 'tree/not-a-directory' });
    await assert.rejects(edit({}, { a: file('1'), 'a/b': file('2') }), { code: 'tree/not-a-directory' });
  });

  test('refuses paths that lead outside', async () => {
    for (const path of [
      '../x',
      'a/../x',
      '/x',
      'a//x',
      '.',
      '',
      'a/\0',
      'x/'.repeat(3000),
      'n'.repeat(256),
    ]) {
      assert.equal(isTreePath(path), false);
      await assert.rejects(edit({}, { [path]: file('1') }), { code: 'tree/path-invalid' });
    }
  });
});
