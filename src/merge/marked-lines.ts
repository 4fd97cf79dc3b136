/**
 * A sequence of line ids with a mark on each line that the other sequence lacks. `changed` has one mark more than
 * there are lines, always 0, so that loops over marks need no test for the end.
 */
export interface MarkedLines {
  readonly ids: Int32Array;
  readonly changed: Uint8Array;
}

export function markedLines(ids: Int32Array): MarkedLines {
  return { ids, changed: new Uint8Array(ids.length + 1) };
}

/** A part of two files: in each, the lines from the start up to the end, which is not included. */
export interface DiffRegion {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}
