import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprintOf, sameContentScore, similarityScore, sizesMayScore } from './similarity.ts';

function score(source: string, target: string): number {
  const [a, b] = [Buffer.from(source, 'latin1'), Buffer.from(target, 'latin1')];
  return similarityScore(fingerprintOf(a), a.length, fingerprintOf(b), b.length);
}

test('the score is the share of the larger file that comes from the source', () => {
  assert.equal(score('one\ntwo\n', 'one\ntwo\n'), sameContentScore);
  assert.equal(score('one\ntwo\n', 'two\nfar\n'), sameContentScore / 2);
  assert.equal(score('one\n', 'one\none\none\none\n'), sameContentScore / 4);
  assert.equal(score('one\n', 'two\n'), 0);
});

test('the order of lines does not matter', () => {
  assert.equal(score('one\ntwo\nfar\n', 'far\none\ntwo\n'), sameContentScore);
});

test('long lines are compared in pieces of 64 bytes', () => {
  const piece = (step: number) =>
    Array.from({ length: 64 }, (_, n) => String.fromCharCode(65 + ((n * n * step) % 50))).join('');
  assert.equal(score(piece(1) + piece(2), piece(1) + piece(3)), sameContentScore / 2);
});

test('what is left at the end without a newline does not count', () => {
  assert.equal(score('one\ntwo', 'one\ntwo'), Math.floor((sameContentScore * 4) / 7));
});

test('the carriage return of a line ending counts in binary files only', () => {
  assert.equal(score('one\r\n', 'one\n'), Math.floor((sameContentScore * 4) / 5));
  assert.equal(score('\0\none\r\n', '\0\none\n'), Math.floor((sameContentScore * 2) / 7));
});

test('sizes that differ too much rule a score out', () => {
  assert.equal(sizesMayScore(50, 100, sameContentScore / 2), true);
  assert.equal(sizesMayScore(49, 100, sameContentScore / 2), false);
  assert.equal(sizesMayScore(0, 0, sameContentScore / 2), false);
});
