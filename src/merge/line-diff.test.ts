import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DiffBudget, DiffTooCostly } from './diff-cost.ts';
import { diffLines, type LineChange } from './line-diff.ts';
import { LineTable } from './lines.ts';
import { markedLines } from './marked-lines.ts';
import { markMyersDiff } from './myers-diff.ts';

const fewLines = fc.array(fc.nat(5), { maxLength: 40 });

function apply(changes: readonly LineChange[], old: readonly number[], young: readonly number[]): number[] {
  const result: number[] = [];
  let at = 0;
  for (const change of changes) {
    result.push(...old.slice(at, change.oldStart));
    assert.equal(result.length, change.newStart);
    result.push(...young.slice(change.newStart, change.newStart + change.newCount));
    at = change.oldStart + change.oldCount;
  }
  return [...result, ...old.slice(at)];
}

test('law: the changes make the new file out of the old one', () => {
  fc.assert(
    fc.property(fewLines, fewLines, (old, young) => {
      const changes = diffLines(Int32Array.from(old), Int32Array.from(young), new DiffBudget());
      assert.deepEqual(apply(changes, old, young), young);
    }),
    { numRuns: 1000 },
  );
});

test("law: Myers' marks leave equal lines, also past its cost limits", () => {
  const manyLines = fc.array(fc.nat(30), { minLength: 1500, maxLength: 2000 });
  fc.assert(
    fc.property(fc.oneof(fewLines, manyLines), fc.oneof(fewLines, manyLines), (oldIds, newIds) => {
      const old = markedLines(Int32Array.from(oldIds));
      const young = markedLines(Int32Array.from(newIds));
      const region = { oldStart: 0, oldEnd: oldIds.length, newStart: 0, newEnd: newIds.length };
      markMyersDiff(old, young, region, new DiffBudget());
      assert.deepEqual(
        oldIds.filter((_, line) => old.changed[line] === 0),
        newIds.filter((_, line) => young.changed[line] === 0),
      );
    }),
    { numRuns: 60 },
  );
});

test('a repeated block is marked where it lines up with a change, and otherwise as low as it can be', () => {
  const table = new LineTable(new DiffBudget());
  const ids = (text: string) => table.cut(Buffer.from(text)).ids;
  const changes = diffLines(ids('f\n{\n}\n'), ids('f\n{\n}\nf\n{\n}\n'), new DiffBudget());
  assert.deepEqual(changes, [{ oldStart: 3, oldCount: 0, newStart: 3, newCount: 3 }]);
});

test('lines keep their terminator, so a missing newline is a difference', () => {
  const table = new LineTable(new DiffBudget());
  const lines = table.cut(Buffer.from('a\nb\na'));
  assert.deepEqual([...lines.offsets], [0, 2, 4, 5]);
  assert.notEqual(lines.ids[0], lines.ids[2]);
  assert.deepEqual([...table.cut(Buffer.from('')).offsets], [0]);
});

test('lines made to collide use up the budget instead of days', () => {
  // "aa" and "bB" have the same hash, and so have all strings of such pairs.
  const colliding = Array.from({ length: 2048 }, (_, n) =>
    Array.from({ length: 11 }, (_, bit) => ((n >> bit) & 1 ? 'bB' : 'aa')).join(''),
  );
  const bytes = Buffer.from(colliding.join('\n'));
  assert.throws(() => new LineTable(new DiffBudget(100_000)).cut(bytes), DiffTooCostly);
});
