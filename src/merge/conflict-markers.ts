import { type Lines, sliceLines } from './lines.ts';
import type { LineRange, MergeHunk } from './merge-hunks.ts';

/** `two-way` shows both sides of a conflict; `three-way` shows the base between them. */
export type MarkerStyle = 'two-way' | 'three-way';

/** What stands behind the markers of a conflict, as byte strings: one character for each byte. */
export interface ConflictLabels {
  readonly ours: string;
  readonly base: string;
  readonly theirs: string;
}

const markerLength = 7;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

interface FileLines {
  readonly base: Lines;
  readonly ours: Lines;
  readonly theirs: Lines;
}

export interface RenderOptions {
  readonly labels: ConflictLabels;
  readonly style: MarkerStyle;
  /** Whether conflicts keep the lines of both sides instead of getting markers. */
  readonly union: boolean;
  readonly markerLengthExtra: number;
}

/** The merged file: clean hunks as they merge, conflicts between markers, or with `union` both sides of them. */
export function renderMerge(
  files: FileLines,
  hunks: readonly MergeHunk[],
  options: RenderOptions,
): Uint8Array {
  const parts: Uint8Array[] = [];
  let line = 0;
  for (const hunk of hunks) {
    if (hunk.outcome === 'same') continue;
    parts.push(sliceLines(files.ours, line, hunk.ours.start));
    if (hunk.outcome === 'ours') {
      parts.push(rangeBytes(files.ours, hunk.ours));
    } else if (hunk.outcome === 'theirs') {
      parts.push(rangeBytes(files.theirs, hunk.theirs));
    } else if (options.union) {
      parts.push(...terminated(files.ours, hunk.ours, terminatorAt(files, hunk)));
      parts.push(rangeBytes(files.theirs, hunk.theirs));
    } else {
      parts.push(...conflictParts(files, hunk, options));
    }
    line = hunk.ours.start + hunk.ours.count;
  }
  parts.push(sliceLines(files.ours, line, files.ours.ids.length));
  return Buffer.concat(parts);
}

function conflictParts(files: FileLines, hunk: MergeHunk, options: RenderOptions): Uint8Array[] {
  const { labels, style, markerLengthExtra } = options;
  const terminator = terminatorAt(files, hunk);
  const marker = (sign: string, label: string) => {
    const signs = sign.repeat(markerLength + markerLengthExtra);
    return Buffer.from(`${signs}${label === '' ? '' : ` ${label}`}${terminator}`, 'latin1');
  };
  const shownBase =
    style === 'three-way' ? [marker('|', labels.base), ...terminated(files.base, hunk.base, terminator)] : [];
  return [
    marker('<', labels.ours),
    ...terminated(files.ours, hunk.ours, terminator),
    ...shownBase,
    marker('=', ''),
    ...terminated(files.theirs, hunk.theirs, terminator),
    marker('>', labels.theirs),
  ];
}

function rangeBytes(lines: Lines, range: LineRange): Uint8Array {
  return sliceLines(lines, range.start, range.start + range.count);
}

/** The lines of a range, with a terminator behind the last one if it has none. */
function terminated(lines: Lines, range: LineRange, terminator: string): Uint8Array[] {
  const bytes = rangeBytes(lines, range);
  if (bytes.length === 0 || bytes.at(-1) === lineFeed) return [bytes];
  return [bytes, Buffer.from(terminator)];
}

/** The line ending for markers: CRLF where the base has it and neither side has LF at this place. */
function terminatorAt(files: FileLines, hunk: MergeHunk): '\n' | '\r\n' {
  if (lineEnding(files.ours, Math.max(hunk.ours.start - 1, 0)) === '\n') return '\n';
  if (lineEnding(files.theirs, Math.max(hunk.theirs.start - 1, 0)) === '\n') return '\n';
  return lineEnding(files.base, 0) ?? '\n';
}

/** How a line ends; for a last line without terminator, how the line before it ends, if there is one. */
function lineEnding(lines: Lines, line: number): '\n' | '\r\n' | undefined {
  if (lines.ids.length === 0) return undefined;
  const end = lines.offsets[line + 1]!;
  if (lines.bytes[end - 1] !== lineFeed) return line === 0 ? undefined : lineEnding(lines, line - 1);
  const start = lines.offsets[line]!;
  return end - start > 1 && lines.bytes[end - 2] === carriageReturn ? '\r\n' : '\n';
}
