import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { directory, mergeTestTrees, plain, type TestEntry, type TestTree } from './test-trees.ts';

const contents = ['', 'a\n', 'a\nb\nc\nd\n', 'a\nb\nc\nD\n', 'A\nb\nc\nd\n', '\0'];
const paths = ['f', 'g', 'd', 'd/f', 'd/g', 'd/e', 'd/e/f', 'x/f', 'x/g', 'x/e/f'];

/** Trees of few paths and contents, so that all kinds of renames and collisions come about. */
const tree: fc.Arbitrary<TestTree> = fc
  .dictionary(fc.constantFrom(...paths), fc.constantFrom<string | TestEntry>(...contents, directory), {
    maxKeys: 7,
    noNullPrototype: true,
  })
  .map(withoutFilesAboveFiles);

function withoutFilesAboveFiles(all: TestTree): TestTree {
  const names = Object.keys(all);
  return Object.fromEntries(
    Object.entries(all).filter(([path]) => !names.some((other) => other.startsWith(`${path}/`))),
  );
}

test('law: a side that did not change takes the other side', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, async (base, changed) => {
      for (const merge of [
        await mergeTestTrees(base, base, changed),
        await mergeTestTrees(base, changed, base),
      ]) {
        assert.deepEqual(merge.summary, []);
        assert.deepEqual(merge.tree, plain(changed));
      }
    }),
    { numRuns: 300 },
  );
});

test('law: sides may be swapped without changing whether they merge, nor a clean result', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, tree, async (base, ours, theirs) => {
      const merge = await mergeTestTrees(base, ours, theirs);
      const swapped = await mergeTestTrees(base, theirs, ours);
      assert.equal(merge.summary.length === 0, swapped.summary.length === 0);
      if (merge.summary.length === 0) assert.deepEqual(merge.tree, swapped.tree);
    }),
    { numRuns: 500 },
  );
});

test('law: what a clean merge holds is what a side holds, or a merge of both', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, tree, async (base, ours, theirs) => {
      const merge = await mergeTestTrees(base, ours, theirs);
      if (merge.summary.length > 0) return;
      const known = new Set([...Object.values(ours), ...Object.values(theirs), 'A\nb\nc\nD\n']);
      for (const content of Object.values(merge.tree)) {
        if (typeof content === 'string') assert.ok(known.has(content));
      }
    }),
    { numRuns: 500 },
  );
});

test('law: every conflict about more than directories says what each side has', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, tree, async (base, ours, theirs) => {
      for (const { kind, versions } of (await mergeTestTrees(base, ours, theirs)).conflicts) {
        if (kind === 'directory rename split' || kind === 'file/directory') continue;
        assert.ok(
          versions.ours !== undefined || versions.theirs !== undefined || versions.base !== undefined,
        );
      }
    }),
    { numRuns: 300 },
  );
});
