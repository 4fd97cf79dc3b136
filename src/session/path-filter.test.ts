import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { hashOf } from '../base/hash.ts';
import { buildTree } from '../tree/build.ts';
import { type TreeChange, treeChanges } from '../tree/diff.ts';
import { editTree } from '../tree/edit.ts';
import type { Entry } from '../tree/entry.ts';
import { MemoryNodes } from '../tree/memory-nodes.ts';
import { ancestorsOf, parentPath, rootPath, type TreePath } from '../tree/path.ts';
import { PathFilter, PathQuery } from './path-filter.ts';

const file = (text: string): Entry => ({
  type: 'file',
  mode: 0o644,
  size: 1,
  hash: hashOf(Buffer.from(text)),
});

/** Few names, three deep, so that changes meet all the time. */
const paths = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join('/') as TreePath);

/** What one side does: files that it writes, and paths that it removes with all that is below them. */
const edits = fc.array(fc.tuple(paths, fc.option(fc.constantFrom('1', '2'), { nil: undefined })), {
  minLength: 1,
  maxLength: 4,
});

type Files = ReadonlyMap<TreePath, Entry>;

function edited(files: Files, changes: readonly (readonly [TreePath, string | undefined])[]): Files {
  const result = new Map(files);
  for (const [path, text] of changes) {
    for (const other of result.keys())
      if (other === path || other.startsWith(`${path}/`)) result.delete(other);
    if (text === undefined) continue;
    // A file that is in the way of a directory goes.
    for (const directory of ancestorsOf(path)) result.delete(directory);
    result.set(path, file(text));
  }
  return result;
}

async function treeOf(nodes: MemoryNodes, files: Files) {
  return editTree(
    nodes,
    buildTree(nodes, []),
    Array.from(files, ([path, entry]) => ({ path, entry })),
  );
}

const isDirectory = (entry: Entry | undefined): boolean => entry?.type === 'directory';

/** Whether two changes could not both be applied without looking at the other. Written from the definition. */
function meet(a: TreeChange, b: TreeChange): boolean {
  if (a.path === b.path) {
    const bothMakeIt = [a, b].every(({ before, after }) => before === undefined && isDirectory(after));
    return !bothMakeIt;
  }
  const bothRemove = a.after === undefined && b.after === undefined;
  if (bothRemove && parentPath(a.path) === parentPath(b.path)) return parentPath(a.path) !== rootPath;
  const [above, below] = a.path.length < b.path.length ? [a, b] : [b, a];
  if (!below.path.startsWith(`${above.path}/`)) return false;
  // A directory that stays one, or is made, has room for what the other side does in it.
  return !isDirectory(above.after);
}

describe('a path filter', () => {
  test('never says no where two sets of changes meet', async () => {
    let [met, apart] = [0, 0];
    await fc.assert(
      fc.asyncProperty(edits, edits, edits, async (start, left, right) => {
        const nodes = new MemoryNodes();
        const files = edited(
          new Map(),
          start.map(([path, text]) => [path, text ?? '0'] as const),
        );
        const base = await treeOf(nodes, files);
        const [a, b] = await Promise.all(
          [left, right].map(async (side) =>
            treeChanges(nodes, base, await treeOf(nodes, edited(files, side))),
          ),
        );
        const meeting = a!.some((one) => b!.some((other) => meet(one, other)));
        if (meeting) met++;
        else apart++;
        for (const [one, other] of [
          [a!, b!],
          [b!, a!],
        ] as const) {
          const filter = PathFilter.decode(PathFilter.of(one).encode());
          if (meeting) assert.ok(filter.mayTouch(PathQuery.of(other)));
        }
      }),
      { numRuns: 1500 },
    );
    assert.ok(met > 100 && apart > 100, `${met} met, ${apart} did not`);
  });

  test('says no nearly always where nothing meets', () => {
    const changesIn = (directory: string, count: number): TreeChange[] =>
      Array.from({ length: count }, (_, i) => ({
        path: `${directory}/f${i}` as TreePath,
        before: file('1'),
        after: file('2'),
      }));
    for (const count of [1, 10, 1000]) {
      const filter = PathFilter.of(changesIn('here', count));
      let wrong = 0;
      for (let i = 0; i < 2000; i++) if (filter.mayTouch(PathQuery.of(changesIn(`there${i}`, 1)))) wrong++;
      // Four questions a change, each with about 0.4 % wrong answers.
      assert.ok(wrong < 2000 * 0.05, `${wrong} of 2000 with ${count} changes in the filter`);
    }
  });

  test('knows each path that changed, and little else', () => {
    const changes = Array.from(
      { length: 3000 },
      (_, i): TreeChange => ({
        path: `d${i % 50}/f${i}` as TreePath,
        before: undefined,
        after: file('1'),
      }),
    );
    const filter = PathFilter.of(changes);
    assert.ok(changes.every(({ path }) => filter.mayHaveChanged(path)));
    const wrong = changes.filter(({ path }) => filter.mayHaveChanged(`${path}x` as TreePath)).length;
    assert.ok(wrong < 60, `${wrong} of 3000`);
  });

  test('is bounded, however much changes, and still never says no wrongly', () => {
    const changes = Array.from(
      { length: 60_000 },
      (_, i): TreeChange => ({
        path: `f${i}` as TreePath,
        before: undefined,
        after: file('1'),
      }),
    );
    const filter = PathFilter.of(changes);
    assert.equal(filter.bytes.length, 32 * 1024);
    assert.ok(changes.every(({ path }) => filter.mayHaveChanged(path)));
  });

  test('that is missing says maybe to everything', () => {
    assert.ok(PathFilter.decode('').mayHaveChanged('anything' as TreePath));
  });
});

describe('the golden vector of docs/formats/landings.md', () => {
  test('is this filter', () => {
    const changes: TreeChange[] = [
      { path: 'src/a.c' as TreePath, before: file('1'), after: file('2') },
      { path: 'src/new.c' as TreePath, before: undefined, after: file('3') },
      { path: 'old' as TreePath, before: { type: 'directory', mode: 0o755 }, after: undefined },
    ];
    const { bytes } = PathFilter.of(changes);
    assert.equal(bytes.toString('hex'), '46b10079b2cc4a8c79');
    assert.equal(PathFilter.of(changes.slice(0, 1)).encode(), 'ARhAogBEIAg=');
  });
});
