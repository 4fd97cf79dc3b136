import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Hash, hashOf } from '../../base/hash.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import { isRacy, type Row, rowKind } from './row.ts';
import { decodeState, directoryAt, encodeState, rowAt, rowStart } from './state.ts';
import { StateEdit } from './state-edit.ts';

const tree = '0'.repeat(64) as Hash;

function row(name: string, fields: Partial<Row> = {}): Row {
  return {
    name: name as FileName,
    kind: rowKind.file,
    recorded: true,
    unsure: false,
    mode: 0o644,
    ...{ size: 5, mtimeMs: 6.25, ctimeMs: 7.25, inode: 3 },
    ...fields,
  };
}

const directory = { kind: rowKind.directory, mode: 0o755, size: 4096 } as const;
const root = row('', { ...directory, mode: 0, mtimeMs: 0.5, ctimeMs: 1.5, inode: 1 });

function golden(): Uint8Array {
  return encodeState(tree, root, [
    { path: '' as TreePath, rows: [row('d', { ...directory, mtimeMs: 2.5, ctimeMs: 3.5, inode: 2 })] },
    { path: 'd' as TreePath, rows: [row('f', { unsure: true })] },
  ]).bytes;
}

/** All that a state says, directory by directory. */
function contents(bytes: Uint8Array): Map<string, readonly Row[]> {
  const state = decodeState(bytes);
  assert.ok(typeof state !== 'string');
  const result = new Map<string, readonly Row[]>();
  for (let index = 0; index < state.directoryCount; index++) {
    const rows: Row[] = [];
    for (let at = rowStart(state, index); at < state.rowEnd[index]!; at++) rows.push(rowAt(state, at));
    const path = directoryAt(state, index);
    result.set(path, rows);
    const self = rowAt(state, state.selfRow[index]!);
    assert.equal(self.name, path.slice(path.lastIndexOf('/') + 1));
    assert.equal(self.kind, rowKind.directory);
  }
  return result;
}

test('the bytes are those of docs/formats/checkout-state.md', () => {
  const bytes = golden();
  assert.equal(bytes.length, 240);
  assert.equal(hashOf(bytes), 'd673848b81ed7e681a597fc2d9f700a47ec1ec8b947fa09649bbf9bb76fafadc');
});

test('damage and other versions are seen', () => {
  const bytes = golden();
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 1;
    assert.equal(decodeState(damaged), at >= 4 && at < 8 ? 'version-unknown' : 'damaged', `byte ${at}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(decodeState(bytes.slice(0, length)), 'damaged', `${length} bytes`);
  }
});

const names = fc.constantFrom('a', 'b', 'a-b', '\xff', 'longer name');
const paths = fc
  .array(names, { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join('/') as TreePath);
const edits = fc.array(fc.tuple(paths, fc.constantFrom('file', 'directory', 'delete'), fc.nat(1000)), {
  maxLength: 40,
  size: 'max',
});

test('edits of a state are edits of a map, in one go or in several', () => {
  fc.assert(
    fc.property(fc.array(edits, { minLength: 1, maxLength: 4 }), (rounds) => {
      let state = encodeState(tree, root, [{ path: '' as TreePath, rows: [] }]);
      const model = new Map<TreePath, Row>();
      for (const round of rounds) {
        const edit = new StateEdit(state);
        for (const [path, what, size] of round) {
          const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0)) as TreePath;
          if (parent !== '' && model.get(parent)?.kind !== rowKind.directory) continue;
          const name = path.slice(path.lastIndexOf('/') + 1);
          if (what !== 'directory') {
            for (const other of [...model.keys()]) if (other.startsWith(`${path}/`)) model.delete(other);
          }
          if (what === 'delete') {
            model.delete(path);
            edit.delete(path);
          } else {
            const made = row(name, what === 'file' ? { size } : { ...directory, size });
            model.set(path, made);
            edit.set(path, made);
          }
        }
        // Long after: nothing is racy.
        state = edit.build(tree, 1e9);
      }
      const expected = new Map<string, Row[]>([['', []]]);
      for (const [path, { kind }] of model) if (kind === rowKind.directory) expected.set(path, []);
      for (const [path, made] of model)
        expected.get(path.slice(0, Math.max(path.lastIndexOf('/'), 0)))!.push(made);
      const got = contents(state.bytes);
      assert.deepEqual([...got.keys()], [...expected.keys()].sort());
      for (const [path, rows] of expected) {
        assert.deepEqual(
          got.get(path),
          rows.sort((a, b) => (a.name < b.name ? -1 : 1)),
        );
      }
    }),
    { numRuns: 200 },
  );
});

test('what was changed just before it was looked at is racy', () => {
  assert.equal(isRacy(1000.5, 1000.5), true);
  assert.equal(isRacy(1000.5, 1020), true);
  assert.equal(isRacy(1000.5, 1021), false);
  // Whole seconds: the clock may know no finer ones.
  assert.equal(isRacy(1000, 1021), true);
  assert.equal(isRacy(1000, 5001), false);
  // A clock that is behind proves nothing.
  assert.equal(isRacy(9000.5, 1000), true);
});
