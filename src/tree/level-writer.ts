import { type Hash, hashOf } from '../base/hash.ts';
import { type ChildItem, type EntryItem, encodeInner, encodeLeaf } from './node.ts';
import type { NodeSink } from './node-store.ts';
import { referencesOf } from './references.ts';
import { Splitter } from './splitter.ts';
import { TreeError } from './tree-error.ts';

/** Writes the nodes of one level from its items, which come in the order of their keys. */
export class LevelWriter {
  readonly #level: number;
  readonly #sink: NodeSink;
  readonly #splitter: Splitter;
  readonly #emit: (node: ChildItem) => void;
  #items: (EntryItem | ChildItem)[] = [];

  /** `emit` is told of each finished node, in order. */
  constructor(level: number, sink: NodeSink, emit: (node: ChildItem) => void) {
    this.#level = level;
    this.#sink = sink;
    this.#splitter = new Splitter(level);
    this.#emit = emit;
  }

  /** True when the last item ended a node, and before the first. */
  get isAtBoundary(): boolean {
    return this.#items.length === 0;
  }

  add(item: EntryItem | ChildItem): void {
    const previous = this.#items.at(-1);
    if (previous !== undefined && previous.key >= item.key) {
      throw new TreeError(
        'tree/out-of-order',
        'Entries of a tree must be written in the order of their keys, each once.',
      );
    }
    this.#items.push(item);
    if (this.#splitter.endsAfter(item.key)) this.#write();
  }

  /** Ends the level: what is left becomes its last node. */
  finish(): void {
    if (this.#items.length > 0) this.#write();
    this.#splitter.reset();
  }

  #write(): void {
    const items = this.#items;
    this.#items = [];
    const key = items.at(-1)!.key;
    const references = referencesOf(items);
    if (this.#level === 0) {
      const hash = this.#sink.add(encodeLeaf(items as EntryItem[]), references);
      this.#emit({ key, hash, count: items.length });
      return;
    }
    const children = items as ChildItem[];
    const hash = this.#sink.add(encodeInner(this.#level, children), references);
    this.#emit({ key, hash, count: children.reduce((sum, child) => sum + child.count, 0) });
  }
}

const emptyLeaf = encodeLeaf([]);
/** The tree with no entries. It can be read whether anybody has written it or not. */
export const emptyTree: Hash = hashOf(emptyLeaf);

/** Writes the tree with no entries. */
export function writeEmptyTree(sink: NodeSink): Hash {
  return sink.add(emptyLeaf, []);
}

/** Writes the levels above `nodes`, which are all nodes of `level`, and returns the root. */
export function writeLevelsAbove(sink: NodeSink, level: number, nodes: readonly ChildItem[]): Hash {
  if (nodes.length === 0) return writeEmptyTree(sink);
  let current = nodes;
  for (let above = level + 1; current.length > 1; above++) {
    const next: ChildItem[] = [];
    const writer = new LevelWriter(above, sink, (node) => next.push(node));
    for (const node of current) writer.add(node);
    writer.finish();
    current = next;
  }
  return current[0]!.hash;
}
