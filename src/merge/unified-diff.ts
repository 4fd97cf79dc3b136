import { DiffBudget } from './diff-cost.ts';
import { diffLines, type LineChange } from './line-diff.ts';
import { type Lines, LineTable, sliceLines } from './lines.ts';

/** Unchanged lines that are shown around a change. */
const contextLines = 3;
const noNewline = Buffer.from('\n\\ No newline at end of file\n');

/**
 * The hunks of a unified diff between two texts, without file headers; empty when they are equal. Throws
 * `DiffTooCostly` for texts that have too little in common to be worth it.
 */
export function unifiedDiff(before: Uint8Array, after: Uint8Array): Buffer {
  const table = new LineTable();
  const [old, young] = [table.cut(before), table.cut(after)];
  const pieces: Uint8Array[] = [];
  for (const group of groupsOf(diffLines(old.ids, young.ids, new DiffBudget())))
    writeHunk(pieces, old, young, group);
  return Buffer.concat(pieces);
}

/** Changes so near to each other that their context would touch belong into one hunk. */
function groupsOf(changes: readonly LineChange[]): LineChange[][] {
  const groups: LineChange[][] = [];
  for (const change of changes) {
    const previous = groups.at(-1)?.at(-1);
    const near = previous && change.oldStart - (previous.oldStart + previous.oldCount) <= 2 * contextLines;
    if (near) groups.at(-1)!.push(change);
    else groups.push([change]);
  }
  return groups;
}

function writeHunk(pieces: Uint8Array[], old: Lines, young: Lines, group: readonly LineChange[]): void {
  const first = group[0]!;
  const last = group.at(-1)!;
  const lead = Math.min(contextLines, first.oldStart);
  const oldEnd = Math.min(old.ids.length, last.oldStart + last.oldCount + contextLines);
  const oldStart = first.oldStart - lead;
  const newStart = first.newStart - lead;
  const grown = group.reduce((sum, change) => sum + change.newCount - change.oldCount, 0);
  const ranges = `-${range(oldStart, oldEnd - oldStart)} +${range(newStart, oldEnd - oldStart + grown)}`;
  pieces.push(Buffer.from(`@@ ${ranges} @@\n`));
  let line = oldStart;
  for (const change of group) {
    writeLines(pieces, ' ', old, line, change.oldStart);
    writeLines(pieces, '-', old, change.oldStart, change.oldStart + change.oldCount);
    writeLines(pieces, '+', young, change.newStart, change.newStart + change.newCount);
    line = change.oldStart + change.oldCount;
  }
  writeLines(pieces, ' ', old, line, oldEnd);
}

/** Line numbers as `diff -u` writes them: from 1, and the line before for an empty range. */
function range(start: number, count: number): string {
  return count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;
}

function writeLines(pieces: Uint8Array[], mark: string, lines: Lines, start: number, end: number): void {
  for (let line = start; line < end; line++) {
    const bytes = sliceLines(lines, line, line + 1);
    pieces.push(Buffer.from(mark), bytes);
    if (bytes.at(-1) !== 0x0a) pieces.push(noNewline);
  }
}
