import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directory, mergeTestTrees, plain, type TestTree } from './test-trees.ts';

const text = Array.from({ length: 20 }, (_, n) => `line ${n}\n`).join('');
const first = text.replace('line 0', 'first');
const last = text.replace('line 19', 'last');
const firstAndLast = first.replace('line 19', 'last');

/** Checks a merge both ways round: which side is ours must not matter to a clean merge. */
async function mergesTo(base: TestTree, ours: TestTree, theirs: TestTree, merged: TestTree): Promise<void> {
  for (const [one, other] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    const result = await mergeTestTrees(base, one, other);
    assert.deepEqual(result.summary, []);
    assert.deepEqual(result.tree, plain(merged));
  }
}

test('changes to different files go together', async () => {
  await mergesTo(
    { 'a/x': '1', 'a/y': '1', z: '1' },
    { 'a/x': '2', 'a/y': '1', z: '1', 'b/new': 'n' },
    { 'a/x': '1', 'a/y': '2' },
    { 'a/x': '2', 'a/y': '2', 'b/new': 'n' },
  );
});

test('changes to different lines of a file go together', async () => {
  await mergesTo({ f: text }, { f: first }, { f: last }, { f: firstAndLast });
});

test('content: changes to the same lines conflict, with hunks and a marked file', async () => {
  const result = await mergeTestTrees({ f: 'a\nb\nc\n' }, { f: 'a\nx\nc\n' }, { f: 'a\ny\nc\n' });
  assert.deepEqual(result.summary, ['content f']);
  assert.deepEqual(result.tree, { f: 'a\n<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\nc\n' });
  const [conflict] = result.conflicts;
  assert.equal(conflict?.hunks.length, 1);
  assert.deepEqual(conflict?.proposed, ['f']);
  assert.equal(conflict?.versions.base?.path, 'f');
});

test('permissions and content merge apart from each other', async () => {
  await mergesTo({ f: text }, { f: { program: text } }, { f: last }, { f: { program: last } });
});

test('mode: files added alike but for their permissions', async () => {
  const result = await mergeTestTrees({}, { f: 'same\n' }, { f: { program: 'same\n' } });
  assert.deepEqual(result.summary, ['mode f']);
});

test('add/add: the same content merges, another does not', async () => {
  await mergesTo({}, { f: 'same\n' }, { f: 'same\n' }, { f: 'same\n' });
  const result = await mergeTestTrees({}, { f: 'one\n' }, { f: 'two\n' });
  assert.deepEqual(result.summary, ['add/add f']);
  assert.equal(result.conflicts[0]?.versions.base, undefined);
});

test('modify/delete keeps the modified file in the proposal', async () => {
  const result = await mergeTestTrees({ f: '1' }, {}, { f: '2' });
  assert.deepEqual(result.summary, ['modify/delete f']);
  assert.deepEqual(result.tree, { f: '2' });
});

test('a file that both sides removed is gone', async () => {
  await mergesTo({ f: '1', g: '1' }, { g: '1' }, { g: '1' }, { g: '1' });
});

test('binary: changed on both sides', async () => {
  const result = await mergeTestTrees({ f: '\0a' }, { f: '\0b' }, { f: '\0c' });
  assert.deepEqual(result.summary, ['binary f']);
  assert.deepEqual(result.tree, { f: '\0b' });
});

test('symlink and submodule: changed on both sides', async () => {
  const links = await mergeTestTrees({ l: { link: 'a' } }, { l: { link: 'b' } }, { l: { link: 'c' } });
  assert.deepEqual(links.summary, ['symlink l']);
  const [a, b, c] = ['a', 'b', 'c'].map((digit) => ({ commit: digit.repeat(40) })) as [
    { commit: string },
    { commit: string },
    { commit: string },
  ];
  assert.deepEqual((await mergeTestTrees({ s: a }, { s: b }, { s: c })).summary, ['submodule s']);
  await mergesTo({ s: a }, { s: b }, { s: a }, { s: b });
});

test('distinct types: a file makes way for a symlink', async () => {
  const result = await mergeTestTrees({ f: '1\n' }, { f: '2\n' }, { f: { link: 'x' } });
  assert.deepEqual(result.summary, ['distinct types f']);
  assert.deepEqual(result.tree, { f: { link: 'x' }, 'f~ours': '2\n' });
});

test('file/directory: a file makes way for a directory', async () => {
  const result = await mergeTestTrees({}, { p: 'file\n' }, { 'p/inside': 'x\n' });
  assert.deepEqual(result.summary, ['file/directory p']);
  assert.deepEqual(result.tree, { 'p/inside': 'x\n', 'p~ours': 'file\n' });
});

test('a file becomes a directory, or a directory a file, where the other side left it alone', async () => {
  await mergesTo({ p: '1', q: '1' }, { 'p/x': '2', q: '1' }, { p: '1', q: '2' }, { 'p/x': '2', q: '2' });
  await mergesTo({ 'p/x': '1', q: '1' }, { p: '2', q: '1' }, { 'p/x': '1', q: '2' }, { p: '2', q: '2' });
});

test('a renamed file takes the changes of the other side along', async () => {
  await mergesTo({ 'a/f': text }, { 'b/g': text }, { 'a/f': last }, { 'b/g': last });
  await mergesTo({ 'a/f': text }, { 'b/g': first }, { 'a/f': last }, { 'b/g': firstAndLast });
});

test('files renamed alike on both sides merge at the new name', async () => {
  await mergesTo({ f: text }, { g: first }, { g: last }, { g: firstAndLast });
});

test('rename/delete', async () => {
  const result = await mergeTestTrees({ f: text }, { g: text }, {});
  assert.deepEqual(result.summary, ['rename/delete f']);
  assert.deepEqual(result.tree, { g: text });
});

test('rename/rename: to two names', async () => {
  const result = await mergeTestTrees({ f: text }, { g: first }, { h: last });
  assert.deepEqual(result.summary, ['rename/rename f']);
  assert.deepEqual(result.tree, { g: firstAndLast, h: firstAndLast });
  const [conflict] = result.conflicts;
  assert.deepEqual(
    [conflict?.versions.base?.path, conflict?.versions.ours?.path, conflict?.versions.theirs?.path],
    ['f', 'g', 'h'],
  );
});

test('rename/rename: of two files to one name is add/add', async () => {
  const other = text.replaceAll('line', 'other');
  const result = await mergeTestTrees({ f: text, g: other }, { h: text, g: other }, { f: text, h: other });
  assert.deepEqual(result.summary, ['add/add h']);
});

test('rename/add: a renamed file comes where the other side added one', async () => {
  const result = await mergeTestTrees({ f: text }, { g: text }, { f: last, g: 'another\n' });
  assert.deepEqual(result.summary, ['add/add g']);
});

test('rename/collision: and its content does not merge either', async () => {
  const result = await mergeTestTrees(
    { f: text },
    { g: first },
    { f: text.replace('line 0', 'zeroth'), g: 'another\n' },
  );
  assert.deepEqual(result.summary.toSorted(), ['add/add g', 'rename/collision f']);
  // The inner conflict has longer markers than the outer one.
  assert.match(String(result.tree.g), /^<<<<<<< ours/m);
  assert.match(String(result.tree.g), /^<<<<<<<< ours:g/m);
});

test('file location: a file added to a directory that the other side renamed', async () => {
  const result = await mergeTestTrees(
    { 'old/a': text, 'old/b': first },
    { 'new/a': text, 'new/b': first },
    { 'old/a': text, 'old/b': first, 'old/c': 'added\n' },
  );
  assert.deepEqual(result.summary, ['file location old/c']);
  assert.deepEqual(result.tree, { 'new/a': text, 'new/b': first, 'new/c': 'added\n' });
});

test('directory rename split: a file added to a directory whose files went to several places', async () => {
  const result = await mergeTestTrees(
    { 'old/a': text, 'old/b': first },
    { 'one/a': text, 'two/b': first },
    { 'old/a': text, 'old/b': first, 'old/c': 'added\n' },
  );
  assert.deepEqual(result.summary, ['directory rename split old']);
});

test('directory rename blocked: something is where a file would follow its directory to', async () => {
  const both = { 'old/a': text, 'old/b': first };
  const result = await mergeTestTrees(
    { ...both, 'new/c': 'here already\n' },
    { 'new/a': text, 'new/b': first, 'new/c': 'here already\n' },
    { ...both, 'new/c': 'here already\n', 'old/c': 'added\n' },
  );
  assert.deepEqual(result.summary, ['directory rename blocked new/c']);
});

test('a directory whose last files went, some on each side, goes too', async () => {
  await mergesTo(
    { 'd/e/x': '1', 'd/e/y': '2', z: '3' },
    { 'd/e/y': '2', z: '3' },
    { 'd/e/x': '1', z: '3' },
    { z: '3' },
  );
});

test('empty directories come, stay and go as a side wants them', async () => {
  const z = { z: '1' };
  await mergesTo(z, { ...z, d: directory }, { z: '2' }, { z: '2', d: directory });
  await mergesTo({ ...z, d: directory }, z, { z: '2', d: directory }, { z: '2' });
  await mergesTo({ ...z, d: directory }, z, { ...z, 'd/x': '2' }, { ...z, 'd/x': '2' });
  await mergesTo(
    { ...z, 'd/x': '1' },
    { ...z, d: directory },
    { 'd/x': '1', z: '2' },
    { z: '2', d: directory },
  );
});

test('file/directory: an empty directory and a file of the same name', async () => {
  assert.deepEqual((await mergeTestTrees({}, { p: 'x' }, { p: directory })).summary, ['file/directory p']);
});

test('permissions of a directory: one side may change them, two differently may not', async () => {
  const at = (mode: number): TestTree => ({ d: { directory: mode }, 'd/x': '1' });
  await mergesTo(at(0o755), at(0o700), { ...at(0o755), y: '1' }, { ...at(0o700), y: '1' });
  assert.deepEqual((await mergeTestTrees(at(0o755), at(0o700), at(0o750))).summary, ['mode d']);
});
