import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectChanges } from './change-collection.ts';
import { detectRenames } from './rename-detection.ts';
import { changesBetween, type TestTree, testPort } from './test-trees.ts';

/** What our side renamed, as `from → to`, when the other side changed every file of the base. */
async function renames(base: TestTree, ours: TestTree): Promise<string[]> {
  const theirs = Object.fromEntries(Object.keys(base).map((path) => [path, `changed ${path}\n`]));
  const changes = { ours: changesBetween(base, ours), theirs: changesBetween(base, theirs) };
  const { candidates } = collectChanges(changes);
  const { added } = await detectRenames(candidates.ours, testPort(base));
  return added.filter(({ from }) => from !== undefined).map(({ from, path }) => `${from} → ${path}`);
}

/** `same` lines of 10 bytes that all texts share, and `other` more that are this text's own. */
function lines(same: number, other: number, name: string): string {
  const numbered = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${prefix}${`${n}`.padStart(8, '-')}\n`).join('');
  return numbered('=', same) + numbered(name, other);
}

test('the same content is a rename, to the file of the same name first', async () => {
  const base = { 'a/one': 'x\n', 'a/two': 'x\n' };
  assert.deepEqual(await renames(base, { 'b/two': 'x\n' }), ['a/two → b/two']);
  assert.deepEqual(await renames(base, { 'b/three': 'x\n' }), ['a/one → b/three']);
  assert.deepEqual(await renames(base, { 'b/x': 'x\n', 'b/y': 'x\n' }), ['a/one → b/x', 'a/two → b/y']);
});

test('half of the content is enough, less is not', async () => {
  assert.deepEqual(await renames({ a: lines(10, 10, 'a') }, { b: lines(10, 10, 'b') }), ['a → b']);
  assert.deepEqual(await renames({ a: lines(9, 11, 'a') }, { b: lines(9, 11, 'b') }), []);
});

test('a file that keeps its name and three quarters of its content is not compared with others', async () => {
  const base = { 'd/x': lines(20, 0, '') };
  const moved = lines(15, 5, 'm');
  const closer = lines(19, 1, 'c');
  assert.deepEqual(await renames(base, { 'e/x': moved, y: closer }), ['d/x → e/x']);
  assert.deepEqual(await renames(base, { 'e/x': lines(14, 6, 'm'), y: closer }), ['d/x → y']);
});

test('the most similar pairs go first', async () => {
  const base = { a: lines(20, 4, 'a'), b: lines(20, 2, 'b') };
  const ours = { c: `${lines(20, 2, 'b')}more\n`, d: `${lines(20, 4, 'a')}more\n` };
  assert.deepEqual(await renames(base, ours), ['b → c', 'a → d']);
});

test('empty files and symlinks that changed are not renamed', async () => {
  assert.deepEqual(await renames({ a: '' }, { b: '' }), []);
  assert.deepEqual(await renames({ a: { link: 'far/away' } }, { b: { link: 'far/awry' } }), []);
  assert.deepEqual(await renames({ a: { link: 'x' } }, { b: { link: 'x' }, c: 'x' }), ['a → b']);
});

test('a side whose renames cannot matter is not searched', async () => {
  const base = { 'd/f': lines(10, 1, 'f'), g: '1' };
  const changes = {
    ours: changesBetween(base, { 'e/f': lines(10, 2, 'f'), g: '1' }),
    theirs: changesBetween(base, { ...base, g: '2' }),
  };
  const { candidates } = collectChanges(changes);
  assert.equal(candidates.ours.relevantSources.size, 0);
});
