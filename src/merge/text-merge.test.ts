import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { looksBinary, mergeText, type TextMergeOptions, type TextVersions } from './text-merge.ts';

const options: TextMergeOptions = { labels: { ours: 'ours', base: 'base', theirs: 'theirs' } };

function merge(base: string, ours: string, theirs: string, more: Partial<TextMergeOptions> = {}) {
  const result = mergeText(versions(base, ours, theirs), { ...options, ...more });
  return result.outcome === 'unmergeable'
    ? result
    : { ...result, bytes: Buffer.from(result.bytes).toString() };
}

function versions(base: string, ours: string, theirs: string): TextVersions {
  return { base: Buffer.from(base), ours: Buffer.from(ours), theirs: Buffer.from(theirs) };
}

/** Files of few different lines, in which alignment is hard; sometimes without a newline at the end. */
const file = fc
  .tuple(
    fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'd\r\n'), { maxLength: 12 }),
    fc.constantFrom('', 'e'),
  )
  .map(([lines, tail]) => lines.join('') + tail);

test('changes with an unchanged line between them merge', () => {
  assert.deepEqual(merge('a\nb\nc\n', 'A\nb\nc\n', 'a\nb\nC\n'), { outcome: 'clean', bytes: 'A\nb\nC\n' });
});

test('changes that touch conflict', () => {
  const result = merge('a\nb\n', 'A\nb\n', 'a\nB\n');
  assert.equal(result.outcome, 'conflict');
  assert.equal('bytes' in result && result.bytes, '<<<<<<< ours\nA\nb\n=======\na\nB\n>>>>>>> theirs\n');
});

test('a conflict names the lines of each version', () => {
  const result = merge('a\nb\nc\n', 'a\nours\nc\n', 'a\ntheirs\nc\n');
  assert.deepEqual('hunks' in result && result.hunks, [
    {
      outcome: 'conflict',
      base: { start: 1, count: 1 },
      ours: { start: 1, count: 1 },
      theirs: { start: 1, count: 1 },
    },
  ]);
});

test('what both sides have in common is taken out of a conflict', () => {
  const result = merge('', 'a\n1\nb\nc\nd\ne\nx\n', 'a\n2\nb\nc\nd\ne\ny\n');
  assert.equal(
    'bytes' in result && result.bytes,
    'a\n<<<<<<< ours\n1\n=======\n2\n>>>>>>> theirs\nb\nc\nd\ne\n<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\n',
  );
});

test('the three-way style shows the base and refines nothing', () => {
  const result = merge('a\nb\n', 'a\nx\n1\n', 'a\nx\n2\n', { style: 'three-way' });
  assert.equal(
    'bytes' in result && result.bytes,
    'a\n<<<<<<< ours\nx\n1\n||||||| base\nb\n=======\nx\n2\n>>>>>>> theirs\n',
  );
});

test('markers follow the line endings of the file, and lines get the newline they lack', () => {
  const result = merge('a\r\nb\r\nc', 'a\r\nb\r\nx', 'a\r\nb\r\ny');
  assert.equal(
    'bytes' in result && result.bytes,
    'a\r\nb\r\n<<<<<<< ours\r\nx\r\n=======\r\ny\r\n>>>>>>> theirs\r\n',
  );
});

test('a union keeps the lines of both sides', () => {
  assert.deepEqual(merge('a\n', 'a\nb\n', 'a\nc\n', { onConflict: 'union' }), {
    outcome: 'clean',
    bytes: 'a\nb\nc\n',
  });
});

test('a file with a NUL near its start is not text', () => {
  assert.deepEqual(merge('a\0', 'b\0', 'c\0'), { outcome: 'unmergeable', reason: 'binary' });
  assert.equal(looksBinary(Buffer.concat([Buffer.alloc(8000, 'a'), Buffer.alloc(1)])), false);
  assert.equal(looksBinary(Buffer.concat([Buffer.alloc(7999, 'a'), Buffer.alloc(1)])), true);
});

test('a comparison that uses up its budget is given up, not cut short', () => {
  const lines = (prefix: string) => Array.from({ length: 100 }, (_, n) => `${prefix}${n}\n`).join('');
  assert.deepEqual(merge(lines('a'), lines('b'), lines('c'), { lineLooks: 150 }), {
    outcome: 'unmergeable',
    reason: 'too-costly',
  });
});

test('law: a side that did not change takes the other side', () => {
  fc.assert(
    fc.property(file, file, (base, changed) => {
      assert.deepEqual(merge(base, base, changed), { outcome: 'clean', bytes: changed });
      assert.deepEqual(merge(base, changed, base), { outcome: 'clean', bytes: changed });
    }),
  );
});

test('law: two sides that made the same change agree', () => {
  fc.assert(
    fc.property(file, file, (base, changed) => {
      assert.deepEqual(merge(base, changed, changed), { outcome: 'clean', bytes: changed });
    }),
  );
});

test('law: sides may be swapped without changing whether they merge, nor a clean result', () => {
  fc.assert(
    fc.property(file, file, file, (base, ours, theirs) => {
      const result = merge(base, ours, theirs);
      const swapped = merge(base, theirs, ours);
      assert.equal(result.outcome, swapped.outcome);
      if (result.outcome === 'clean') assert.deepEqual(result, swapped);
    }),
    { numRuns: 1000 },
  );
});

test('law: conflicts come in order, do not touch, and none is empty', () => {
  fc.assert(
    fc.property(file, file, file, (base, ours, theirs) => {
      const result = mergeText(versions(base, ours, theirs), options);
      if (result.outcome !== 'conflict') return;
      let oursLine = -1;
      for (const hunk of result.hunks) {
        assert.ok(hunk.ours.start > oursLine, 'hunks are in order and do not touch');
        assert.ok(hunk.ours.count + hunk.theirs.count > 0);
        oursLine = hunk.ours.start + hunk.ours.count;
      }
    }),
  );
});
