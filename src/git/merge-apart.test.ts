import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeApart } from './merge-apart.ts';
import type { ObjectId } from './object-id.ts';
import { ObjectReader } from './object-reader.ts';
import { file, type ScratchFiles, ScratchRepository } from './scratch-repository.ts';
import { StagedObjects } from './staged-objects.ts';

const paths = ['top', 'a/x', 'a/y', 'b/x', 'b/y', 'a/deep/x', 'a/deep/y', 'c/deep/x', 'c/deep/y', 'c/deep'];
const lines = Array.from({ length: 8 }, (_, i) => `line ${i}\n`).join('');
const contents = [lines, `${lines}more\n`, `first\n${lines}`, 'short\n'];

type Files = ReadonlyMap<string, string>;
type Edit = (files: Map<string, string>) => void;

const path = fc.constantFrom(...paths);
const written: fc.Arbitrary<Edit> = fc.tuple(path, fc.constantFrom(...contents)).map(
  ([name, content]) =>
    (files) =>
      void files.set(name, content),
);
const removed: fc.Arbitrary<Edit> = path.map((name) => (files) => void files.delete(name));
const renamed: fc.Arbitrary<Edit> = fc
  .tuple(fc.constantFrom('a', 'b', 'c', 'a/deep', 'c/deep'), fc.constantFrom('a', 'b', 'c', 'd'))
  .map(([from, to]) => (files) => {
    for (const [name, content] of [...files]) {
      if (!name.startsWith(`${from}/`)) continue;
      files.delete(name);
      files.set(`${to}${name.slice(from.length)}`, content);
    }
  });
const edits = fc.array(fc.oneof(written, removed, renamed), { maxLength: 3 });
const start = fc.array(written, { minLength: 2, maxLength: 10 });

function edited(files: Files, changes: readonly Edit[]): Files {
  const after = new Map(files);
  for (const change of changes) change(after);
  return after;
}

/** Where a name is both, it is a directory. */
function committable(files: Files): ScratchFiles {
  const isDirectory = (name: string) => [...files.keys()].some((other) => other.startsWith(`${name}/`));
  const kept = [...files].filter(([name]) => !isDirectory(name));
  return new Map(kept.map(([name, content]) => [name, file(content)]));
}

test('changes apart come together as git brings them together', async (t) => {
  const scratch = ScratchRepository.create(t);
  const repository = await scratch.open();
  let apart = 0;
  const treeOf = (files: Files) => {
    scratch.git(['update-ref', '-d', 'refs/heads/main']);
    return scratch.treeOf(scratch.commit(committable(files))) as ObjectId;
  };
  const commit = (tree: string, ...parents: string[]) =>
    scratch.git(['commit-tree', tree, '-m', 'x', ...parents.flatMap((parent) => ['-p', parent])]);
  const reader = await ObjectReader.open(repository);
  t.after(() => reader.close());
  const property = fc.asyncProperty(start, edits, edits, async (begin, our, their) => {
    const files = edited(new Map(), begin);
    const [base, ours, theirs] = [files, edited(files, our), edited(files, their)].map(treeOf);
    const objects = new StagedObjects(repository, reader);
    const merged = await mergeApart(repository, objects, { base: base!, ours: ours!, theirs: theirs! });
    if (merged === undefined) return;
    await objects.flush();
    apart++;
    const from = commit(base!);
    const merge = ['merge-tree', '--write-tree', commit(ours!, from), commit(theirs!, from)];
    assert.equal(scratch.git(merge), merged);
  });
  await fc.assert(property, { numRuns: 100 });
  assert.ok(apart > 20, `Only ${apart} of 100 came together.`);
});
