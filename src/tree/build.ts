import type { Hash } from '../base/hash.ts';
import type { Entry } from './entry.ts';
import { keyOf } from './key.ts';
import { LevelWriter, writeLevelsAbove } from './level-writer.ts';
import type { ChildItem } from './node.ts';
import type { NodeSink } from './node-store.ts';
import type { TreePath } from './path.ts';

/**
 * Builds a tree from all its entries, which must come in the order of the tree (`sortPaths`), each once, directories
 * included. Memory: one node a level, and a few bytes a leaf.
 */
export class TreeBuilder {
  readonly #sink: NodeSink;
  readonly #leaves: ChildItem[] = [];
  readonly #writer: LevelWriter;

  constructor(sink: NodeSink) {
    this.#sink = sink;
    this.#writer = new LevelWriter(0, sink, (node) => this.#leaves.push(node));
  }

  /** Throws `tree/out-of-order` when `path` does not come behind the one before it. */
  add(path: TreePath, entry: Entry): void {
    this.#writer.add({ key: keyOf(path), entry });
  }

  finish(): Hash {
    this.#writer.finish();
    return writeLevelsAbove(this.#sink, 0, this.#leaves);
  }
}

/** Builds a tree from entries in any order; each path once. */
export function buildTree(sink: NodeSink, entries: Iterable<readonly [TreePath, Entry]>): Hash {
  const items = Array.from(entries, ([path, entry]) => ({ key: keyOf(path), path, entry }));
  items.sort((a, b) => (a.key < b.key ? -1 : 1));
  const builder = new TreeBuilder(sink);
  for (const { path, entry } of items) builder.add(path, entry);
  return builder.finish();
}
