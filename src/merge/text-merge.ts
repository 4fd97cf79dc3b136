import { type ConflictLabels, type MarkerStyle, renderMerge } from './conflict-markers.ts';
import { DiffBudget, DiffTooCostly, lineLooksMax } from './diff-cost.ts';
import { type Lines, LineTable } from './lines.ts';
import { type MergeHunk, mergeHunks } from './merge-hunks.ts';

/** A file longer than this many bytes is not merged by lines. */
export const textBytesMax = 256 * 1024 * 1024;

/** A file with a NUL among this many first bytes is not text, as git has it. */
const binaryProbeBytes = 8000;

/** True when the file is not merged by lines because of what it looks like. */
export function looksBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, binaryProbeBytes).includes(0);
}

/**
 * How three versions of a file merge.
 *
 * - clean: `bytes` is the merged file.
 * - conflict: `hunks` are the places that need a person, in order, and `bytes` is the file with markers around them.
 * - unmergeable: not merged by lines at all, because a version is `binary` or `too-large`, or because comparing them
 *   is `too-costly`.
 */
export type TextMerge =
  | { readonly outcome: 'clean'; readonly bytes: Uint8Array }
  | { readonly outcome: 'conflict'; readonly bytes: Uint8Array; readonly hunks: readonly MergeHunk[] }
  | { readonly outcome: 'unmergeable'; readonly reason: UnmergeableReason };

type UnmergeableReason = 'binary' | 'too-large' | 'too-costly';

/** The three versions of a file; an empty base for a file that both sides added. */
export interface TextVersions {
  readonly base: Uint8Array;
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
}

export interface TextMergeOptions {
  readonly labels: ConflictLabels;
  /** Whether conflicts show the base lines as well; `two-way` unless told otherwise. */
  readonly style?: MarkerStyle;
  /** `markers` unless told otherwise; `union` keeps the lines of both sides instead of a conflict. */
  readonly onConflict?: 'markers' | 'union';
  /** How many characters longer than seven the markers are; 0 unless told otherwise. */
  readonly markerLengthExtra?: number;
  /** Bound on the work, in lines looked at. */
  readonly lineLooks?: number;
}

/** Merges three versions of a file by lines, to the same bytes as git's merges do. */
export function mergeText(versions: TextVersions, options: TextMergeOptions): TextMerge {
  const { base, ours, theirs } = versions;
  const all = [base, ours, theirs];
  if (all.some((bytes) => bytes.length > textBytesMax))
    return { outcome: 'unmergeable', reason: 'too-large' };
  if (all.some(looksBinary)) return { outcome: 'unmergeable', reason: 'binary' };
  try {
    return mergeLines(versions, options, new DiffBudget(options.lineLooks ?? lineLooksMax));
  } catch (error) {
    if (error instanceof DiffTooCostly) return { outcome: 'unmergeable', reason: 'too-costly' };
    throw error;
  }
}

function mergeLines(versions: TextVersions, options: TextMergeOptions, budget: DiffBudget): TextMerge {
  const { labels, style = 'two-way', onConflict = 'markers', markerLengthExtra = 0 } = options;
  const table = new LineTable(budget);
  const base = table.cut(versions.base);
  const ours = table.cut(versions.ours);
  const theirs = table.cut(versions.theirs);
  if (sameLines(base, ours)) return { outcome: 'clean', bytes: versions.theirs };
  if (sameLines(base, theirs)) return { outcome: 'clean', bytes: versions.ours };
  const union = onConflict === 'union';
  const hunks = mergeHunks(base, ours, theirs, { refine: style === 'two-way', budget });
  const conflicts = hunks.filter((hunk) => hunk.outcome === 'conflict');
  const bytes = renderMerge({ base, ours, theirs }, hunks, { labels, style, union, markerLengthExtra });
  if (conflicts.length === 0 || union) return { outcome: 'clean', bytes };
  return { outcome: 'conflict', bytes, hunks: conflicts };
}

function sameLines(a: Lines, b: Lines): boolean {
  return a.ids.length === b.ids.length && a.ids.every((id, line) => id === b.ids[line]);
}
