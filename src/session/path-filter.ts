import { hash as digest } from 'node:crypto';
import type { TreeChange } from '../tree/diff.ts';
import { ancestorsOf, type TreePath } from '../tree/path.ts';

/** Bits of the filter for each element: 12 bits and 6 probes give about 0.4 % false answers. */
const bitsPerElement = 12;
const probes = 6;
const filterBytesMin = 8;
/** A landing that changes more than about 20,000 paths gets a filter that answers "maybe" more often. */
const filterBytesMax = 32 * 1024;

/**
 * A Bloom filter of the paths that a landing changed (Bloom, 1970; format in `docs/formats/landings.md`). It answers
 * "could these two sets of changes meet?" without reading a tree; "no" is always true.
 *
 * Four kinds of element: a changed path, a directory with a change somewhere below it, a directory that is no more
 * (the other side may add files to one that was renamed away), and a path where something that is no directory was
 * put (the other side may have made a directory of that name).
 */
export class PathFilter {
  readonly bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  static of(changes: readonly TreeChange[]): PathFilter {
    const elements = new Set<string>();
    for (const { path, before, after } of changes) {
      elements.add(changed(path));
      if (before?.type === 'directory' && after?.type !== 'directory') elements.add(vanished(path));
      if (after !== undefined && after.type !== 'directory' && before?.type !== after.type)
        elements.add(placed(path));
      for (const directory of ancestorsOf(path)) elements.add(changedBelow(directory));
    }
    const size = Math.ceil((elements.size * bitsPerElement) / 8);
    const filter = new PathFilter(Buffer.alloc(Math.min(Math.max(size, filterBytesMin), filterBytesMax)));
    for (const element of elements)
      for (const bit of filter.#bitsOf(element)) filter.bytes[bit >>> 3]! |= 1 << (bit & 7);
    return filter;
  }

  static decode(text: string): PathFilter {
    const bytes = Buffer.from(text, 'base64');
    return new PathFilter(bytes.length === 0 ? Buffer.alloc(filterBytesMin, 0xff) : bytes);
  }

  encode(): string {
    return this.bytes.toString('base64');
  }

  /**
   * Whether `changes` could meet the changes in this filter: at the same path, at a path above or below it, or in a
   * directory that one side removed while the other put something into it.
   */
  mayTouch(changes: readonly TreeChange[]): boolean {
    return changes.some(({ path, before, after }) => {
      for (const directory of ancestorsOf(path)) {
        if (this.#has(vanished(directory)) || this.#has(placed(directory))) return true;
      }
      // Both sides may add files to one new directory: that alone is no meeting.
      if (before === undefined && after?.type === 'directory') return this.#has(placed(path));
      if (before?.type === 'directory' && after?.type === 'directory') return this.#has(changed(path));
      return this.#has(changed(path)) || this.#has(changedBelow(path));
    });
  }

  /** Whether the entry at `path` itself may have changed. */
  mayHaveChanged(path: TreePath): boolean {
    return this.#has(changed(path));
  }

  #has(element: string): boolean {
    return this.#bitsOf(element).every((bit) => (this.bytes[bit >>> 3]! & (1 << (bit & 7))) !== 0);
  }

  /** Double hashing (Kirsch and Mitzenmacher, 2006) over the first 16 bytes of a SHA-256. */
  #bitsOf(element: string): number[] {
    const hash = digest('sha256', Buffer.from(element, 'latin1'), 'buffer');
    const first = hash.readUInt32LE(0);
    const step = hash.readUInt32LE(4) | 1;
    const bits = this.bytes.length * 8;
    return Array.from({ length: probes }, (_, i) => (first + i * (step >>> 0)) % bits);
  }
}

const changed = (path: TreePath): string => `=${path}`;
const changedBelow = (directory: TreePath): string => `/${directory}`;
const vanished = (directory: TreePath): string => `-${directory}`;
const placed = (path: TreePath): string => `+${path}`;
