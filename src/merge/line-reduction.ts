import { roughSquareRoot } from './diff-cost.ts';
import type { DiffRegion, MarkedLines } from './marked-lines.ts';

/** A line counts as frequent at this many matches, however long the file is. */
const frequentMatchesMax = 1024;
/** How far around a frequent line its neighbours are looked at. */
const neighbourLinesMax = 100;
/** A frequent line is dropped among unmatched ones when fewer than one line in this many is frequent. */
const frequentShare = 4;

/** What is left of a region's lines for the search, and where each of them stands in the file. */
interface RemainingLines {
  readonly ids: Int32Array;
  readonly lines: Int32Array;
}

const unmatched = 0;
const matched = 1;
const frequent = 2;

/**
 * Leaves out what the search need not look at: equal lines at both ends, lines that the other region lacks, and
 * frequent lines in the middle of such. The lines left out, other than those at the ends, are marked as changed.
 */
export function reduceLines(
  old: MarkedLines,
  young: MarkedLines,
  region: DiffRegion,
): { readonly old: RemainingLines; readonly young: RemainingLines } {
  let { oldStart, oldEnd, newStart, newEnd } = region;
  const oldCounts = countLines(old.ids, oldStart, oldEnd);
  const newCounts = countLines(young.ids, newStart, newEnd);
  while (oldStart < oldEnd && newStart < newEnd && old.ids[oldStart] === young.ids[newStart]) {
    oldStart++;
    newStart++;
  }
  while (oldStart < oldEnd && newStart < newEnd && old.ids[oldEnd - 1] === young.ids[newEnd - 1]) {
    oldEnd--;
    newEnd--;
  }
  return {
    old: keepUseful(old, oldStart, oldEnd, newCounts, region.oldEnd - region.oldStart),
    young: keepUseful(young, newStart, newEnd, oldCounts, region.newEnd - region.newStart),
  };
}

function countLines(ids: Int32Array, start: number, end: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let line = start; line < end; line++) counts.set(ids[line]!, (counts.get(ids[line]!) ?? 0) + 1);
  return counts;
}

function keepUseful(
  file: MarkedLines,
  start: number,
  end: number,
  otherCounts: ReadonlyMap<number, number>,
  regionLines: number,
): RemainingLines {
  const frequentAt = Math.min(roughSquareRoot(regionLines), frequentMatchesMax);
  const kinds = new Uint8Array(end - start);
  for (let at = 0; at < kinds.length; at++) {
    const matches = otherCounts.get(file.ids[start + at]!) ?? 0;
    kinds[at] = matches === 0 ? unmatched : matches >= frequentAt ? frequent : matched;
  }
  const lines = new Int32Array(kinds.length);
  let count = 0;
  for (let at = 0; at < kinds.length; at++) {
    if (kinds[at] === matched || (kinds[at] === frequent && !standsAmongUnmatched(kinds, at))) {
      lines[count++] = start + at;
    } else {
      file.changed[start + at] = 1;
    }
  }
  const kept = lines.subarray(0, count);
  return { ids: kept.map((line) => file.ids[line]!), lines: kept };
}

function standsAmongUnmatched(kinds: Uint8Array, at: number): boolean {
  const before = scanNeighbours(kinds, at, -1);
  if (before.unmatched === 0) return false;
  const after = scanNeighbours(kinds, at, 1);
  if (after.unmatched === 0) return false;
  // The line itself is counted once for each direction.
  const frequentLines = before.frequent + after.frequent + 2;
  return frequentLines * frequentShare < frequentLines + before.unmatched + after.unmatched;
}

function scanNeighbours(
  kinds: Uint8Array,
  at: number,
  step: 1 | -1,
): { unmatched: number; frequent: number } {
  const found = { unmatched: 0, frequent: 0 };
  for (let distance = 1; distance <= neighbourLinesMax; distance++) {
    const neighbour = at + step * distance;
    if (neighbour < 0 || neighbour >= kinds.length) break;
    if (kinds[neighbour] === unmatched) found.unmatched++;
    else if (kinds[neighbour] === frequent) found.frequent++;
    else break;
  }
  return found;
}
