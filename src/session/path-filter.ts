import { hash as digest } from 'node:crypto';
import type { TreeChange } from '../tree/diff.ts';
import { ancestorsOf, parentPath, rootPath, type TreePath } from '../tree/path.ts';

/** Bits of the filter for each element: 12 bits and 6 probes give about 0.4 % false answers. */
const bitsPerElement = 12;
const probeCount = 6;
const filterBytesMin = 8;
/** A landing that changes more than about 20,000 paths gets a filter that answers "maybe" more often. */
const filterBytesMax = 32 * 1024;
/** With more elements than this, a filter has its largest size. */
const elementsMax = Math.floor((filterBytesMax * 8) / bitsPerElement);

/**
 * A Bloom filter of the paths that a landing changed (Bloom, 1970; format in `docs/formats/landings.md`). It answers
 * "could these two sets of changes meet?" without reading a tree; "no" is always true.
 *
 * Five kinds of element: a changed path, a directory with a change somewhere below it, a directory that is no more
 * (the other side may add files to one that was renamed away), a path where something that is no directory was put (the
 * other side may have made a directory of that name), and a directory that something was removed from (the other side
 * may have removed the rest, and then it goes too).
 */
export class PathFilter {
  readonly bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  static of(changes: readonly TreeChange[]): PathFilter {
    let elements = new Set<string>();
    let largest: PathFilter | undefined;
    for (const element of elementsOf(changes)) {
      if (largest !== undefined) largest.#add(probeOf(element));
      else elements.add(element);
      if (elements.size <= elementsMax) continue;
      // It is as large as it can be, however many follow: they need not be kept to be counted.
      largest = PathFilter.#filled(elements, filterBytesMax);
      elements = new Set();
    }
    if (largest !== undefined) return largest;
    const size = Math.ceil((elements.size * bitsPerElement) / 8);
    return PathFilter.#filled(elements, Math.max(size, filterBytesMin));
  }

  static #filled(elements: ReadonlySet<string>, size: number): PathFilter {
    const filter = new PathFilter(Buffer.alloc(size));
    for (const element of elements) filter.#add(probeOf(element));
    return filter;
  }

  static decode(text: string): PathFilter {
    const bytes = Buffer.from(text, 'base64');
    return new PathFilter(bytes.length === 0 ? Buffer.alloc(filterBytesMin, 0xff) : bytes);
  }

  encode(): string {
    return this.bytes.toString('base64');
  }

  /** Whether the changes that `query` stands for could meet the changes in this filter. */
  mayTouch(query: PathQuery): boolean {
    return query.probes.some((probe) => this.#has(probe));
  }

  /** Whether the entry at `path` itself may have changed. */
  mayHaveChanged(path: TreePath): boolean {
    return this.#has(probeOf(changed(path)));
  }

  #has(probe: Probe): boolean {
    for (let i = 0; i < probeCount; i++) {
      const bit = this.#bit(probe, i);
      if ((this.bytes[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  #add(probe: Probe): void {
    for (let i = 0; i < probeCount; i++) {
      const bit = this.#bit(probe, i);
      this.bytes[bit >>> 3]! |= 1 << (bit & 7);
    }
  }

  #bit({ first, step }: Probe, i: number): number {
    return (first + i * step) % (this.bytes.length * 8);
  }
}

/** The elements that stand for changes in a filter, many of them several times. */
function* elementsOf(changes: readonly TreeChange[]): Generator<string> {
  for (const { path, before, after } of changes) {
    yield changed(path);
    if (before?.type === 'directory' && after?.type !== 'directory') yield vanished(path);
    if (after !== undefined && after.type !== 'directory' && before?.type !== after.type) yield placed(path);
    if (after === undefined && parentPath(path) !== rootPath) yield thinned(parentPath(path));
    for (const directory of ancestorsOf(path)) yield changedBelow(directory);
  }
}

/**
 * What to ask path filters about some changes, worked out when it is first asked and once for many filters: whether the
 * other side changed the same path, one above or below it, or a directory that one side removed while the other put
 * something into it, or one that both sides removed something from.
 */
export class PathQuery {
  readonly #changes: readonly TreeChange[];
  #probes: readonly Probe[] | undefined;

  private constructor(changes: readonly TreeChange[]) {
    this.#changes = changes;
  }

  static of(changes: readonly TreeChange[]): PathQuery {
    return new PathQuery(changes);
  }

  get probes(): readonly Probe[] {
    this.#probes ??= Array.from(queryElements(this.#changes), probeOf);
    return this.#probes;
  }
}

function queryElements(changes: readonly TreeChange[]): Set<string> {
  const elements = new Set<string>();
  for (const { path, before, after } of changes) {
    for (const directory of ancestorsOf(path)) elements.add(vanished(directory)).add(placed(directory));
    if (after === undefined && parentPath(path) !== rootPath) elements.add(thinned(parentPath(path)));
    // Both sides may add files to one new directory: that alone is no meeting.
    if (before === undefined && after?.type === 'directory') elements.add(placed(path));
    else if (before?.type === 'directory' && after?.type === 'directory') elements.add(changed(path));
    else elements.add(changed(path)).add(changedBelow(path));
  }
  return elements;
}

/** Where the bits of an element are, in a filter of any size. */
interface Probe {
  readonly first: number;
  readonly step: number;
}

/** Double hashing (Kirsch and Mitzenmacher, 2006) over the first 8 bytes of a SHA-256. */
function probeOf(element: string): Probe {
  const hash = digest('sha256', Buffer.from(element, 'latin1'), 'buffer');
  return { first: hash.readUInt32LE(0), step: (hash.readUInt32LE(4) | 1) >>> 0 };
}

const changed = (path: TreePath): string => `=${path}`;
const changedBelow = (directory: TreePath): string => `/${directory}`;
const vanished = (directory: TreePath): string => `-${directory}`;
const placed = (path: TreePath): string => `+${path}`;
const thinned = (directory: TreePath): string => `<${directory}`;
