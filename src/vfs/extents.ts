import type { SpoolFile } from './inode.ts';
import type { Overlay } from './overlay.ts';

/** Bytes from `start` (inclusive) to `end` (exclusive). */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

const sql = {
  last: 'SELECT start, end FROM extent WHERE spool = ? AND start < ? ORDER BY start DESC LIMIT 1',
  within: 'SELECT start, end FROM extent WHERE spool = ? AND start >= ? AND start < ? ORDER BY start',
  put: 'INSERT OR REPLACE INTO extent VALUES (?, ?, ?)',
  remove: 'DELETE FROM extent WHERE spool = ? AND start = ?',
  removeAll: 'DELETE FROM extent WHERE spool = ?',
} as const;

/** The ranges of a spool file that were written, in order; they neither overlap nor touch. */
export class Extents {
  readonly #overlay: Overlay;

  constructor(overlay: Overlay) {
    this.#overlay = overlay;
  }

  /** Those that have bytes in `range`, cut to it. */
  in(file: SpoolFile, range: Extent): Extent[] {
    const cut: Extent[] = [];
    for (const { start, end } of this.#near(file, range.start, range.end)) {
      const extent = { start: Math.max(start, range.start), end: Math.min(end, range.end) };
      if (extent.start < extent.end) cut.push(extent);
    }
    return cut;
  }

  /** Adds a range. */
  add(file: SpoolFile, range: Extent): void {
    let { start, end } = range;
    const { database } = this.#overlay;
    for (const near of this.#near(file, range.start, range.end + 1)) {
      if (near.end < range.start) continue;
      if (near.start <= range.start && near.end >= range.end) return;
      start = Math.min(start, near.start);
      end = Math.max(end, near.end);
      database.run(sql.remove, file, near.start);
    }
    database.run(sql.put, file, start, end);
  }

  /** Forgets everything from `size` on. */
  truncate(file: SpoolFile, size: number): void {
    const { database } = this.#overlay;
    for (const { start, end } of this.#near(file, size, Number.MAX_SAFE_INTEGER)) {
      if (end <= size) continue;
      database.run(sql.remove, file, start);
      if (start < size) database.run(sql.put, file, start, size);
    }
  }

  removeAll(file: SpoolFile): void {
    this.#overlay.database.run(sql.removeAll, file);
  }

  /** Those that begin in the range, and the one before it. */
  #near(file: SpoolFile, start: number, end: number): readonly Extent[] {
    const { database } = this.#overlay;
    const before = database.get(sql.last, file, start);
    const within = database.all(sql.within, file, start, end);
    return (before === undefined ? within : [before, ...within]) as unknown as Extent[];
  }
}
