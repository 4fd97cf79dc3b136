import type { Hash } from '../base/hash.ts';
import type { TreeKey } from './key.ts';
import type { InnerNode, LeafNode, TreeNode } from './node.ts';
import type { NodeSource } from './node-store.ts';

/** How many nodes are fetched together when a walk comes to one that is not in memory: at first, and doubling up to this. */
const readAheadFirst = 2;
const readAheadMax = 128;

/** A place in one level of a tree: a node of that level and the way down to it. */
export class Cursor {
  readonly #source: NodeSource;
  readonly #path: { node: InnerNode; index: number }[] = [];
  #node: TreeNode;
  #readAhead = readAheadFirst;
  /** The last child that was fetched ahead, and of which node. */
  #ahead: { readonly node: InnerNode; readonly last: number } | undefined;

  private constructor(source: NodeSource, node: TreeNode) {
    this.#source = source;
    this.#node = node;
  }

  /** The node of `level` in which `key` lies or would lie: the first that ends at or behind it, else the last. */
  static async seek(source: NodeSource, root: Hash, level: number, key: TreeKey): Promise<Cursor> {
    const cursor = new Cursor(source, await source.node(root));
    while (cursor.#node.level > level) {
      const node = cursor.#node as InnerNode;
      await cursor.#descend(node, Math.min(node.position(key), node.keys.length - 1));
    }
    return cursor;
  }

  get node(): TreeNode {
    return this.#node;
  }

  /** The node, for a cursor on level 0. */
  get leaf(): LeafNode {
    return this.#node as LeafNode;
  }

  get isLast(): boolean {
    return this.#path.every(({ node, index }) => index === node.keys.length - 1);
  }

  /** Goes to the next node of the level; false, and no move, when there is none. */
  async next(): Promise<boolean> {
    let up = this.#path.length - 1;
    while (up >= 0 && this.#path[up]!.index === this.#path[up]!.node.keys.length - 1) up--;
    if (up < 0) return false;
    const depth = this.#path.length;
    const { node, index } = this.#path[up]!;
    this.#path.length = up;
    await this.#fetchFrom(node, index + 1);
    await this.#descend(node, index + 1);
    while (this.#path.length < depth) {
      await this.#fetchFrom(this.#node as InnerNode, 0);
      await this.#descend(this.#node as InnerNode, 0);
    }
    return true;
  }

  /** Whoever goes from node to node will want the next ones as well: the longer it went on, the more of them. */
  async #fetchFrom(node: InnerNode, index: number): Promise<void> {
    if (this.#ahead?.node === node && index <= this.#ahead.last) return;
    const wanted = node.children.slice(index, index + this.#readAhead);
    this.#ahead = { node, last: index + wanted.length - 1 };
    this.#readAhead = Math.min(this.#readAhead * 2, readAheadMax);
    await this.#source.prefetch?.(wanted.map(({ hash }) => hash));
  }

  async #descend(node: InnerNode, index: number): Promise<void> {
    this.#path.push({ node, index });
    this.#node = await this.#source.node(node.children[index]!.hash);
  }
}
