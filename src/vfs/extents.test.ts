import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Extents } from './extents.ts';
import { temporaryDirectory } from './fixtures.ts';
import type { SpoolFile } from './inode.ts';
import { SeededRandom } from './model/seeded-random.ts';
import { Overlay } from './overlay.ts';

const size = 60;
const rounds = 3000;

test('extents are the bytes that were written, neither overlapping nor touching', (context) => {
  const overlay = new Overlay(join(temporaryDirectory(context), 'overlay'), 10);
  const extents = new Extents(overlay);
  const [file, other] = [1 as SpoolFile, 2 as SpoolFile];
  extents.add(other, { start: 3, end: 50 });
  const written: boolean[] = Array(size).fill(false);
  const seed = Date.now() % 1_000_000;
  const random = new SeededRandom(seed);
  for (let round = 0; round < rounds; round++) {
    const [start, length] = [random.below(size), 1 + random.below(12)];
    const end = Math.min(start + length, size);
    if (random.chance(0.7)) {
      extents.add(file, { start, end });
      written.fill(true, start, end);
    } else if (random.chance(0.9)) {
      extents.truncate(file, start);
      written.fill(false, start);
    } else {
      extents.removeAll(file);
      written.fill(false);
    }
    const [from, to] = [random.below(size), random.below(size + 1)];
    assert.deepEqual(extents.in(file, { start: from, end: to }), runsOf(written, from, to), `seed ${seed}`);
    assert.deepEqual(extents.in(file, { start: 0, end: size }), runsOf(written, 0, size), `seed ${seed}`);
  }
  assert.deepEqual(extents.in(other, { start: 0, end: size }), [{ start: 3, end: 50 }]);
  overlay.close();
});

/** The runs of written bytes from `from` to `to`. */
function runsOf(written: readonly boolean[], from: number, to: number): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (let at = from; at < to; at++) {
    const last = runs.at(-1);
    if (!written[at]) continue;
    if (last?.end === at) last.end++;
    else runs.push({ start: at, end: at + 1 });
  }
  return runs;
}
