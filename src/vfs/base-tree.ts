import type { Hash } from '../base/hash.ts';
import type { Entry } from '../tree/entry.ts';
import { firstKeyIn, lastKeyIn, nameOfKey, pathOfKey, type TreeKey } from '../tree/key.ts';
import type { InnerNode, LeafNode, TreeNode } from '../tree/node.ts';
import type { NodeStore } from '../tree/node-store.ts';
import { type FileName, parentPath, rootPath, type TreePath } from '../tree/path.ts';
import { NotResident } from './file-system-error.ts';

/** An entry of the base tree and its rank: how many entries lie before it. */
export interface RankedEntry {
  readonly rank: number;
  readonly entry: Entry;
}

/** Whether a listing goes on behind an entry. */
export type Take = (rank: number, name: FileName, entry: Entry) => boolean;

/** How many nodes behind a missing one are fetched with it by a listing: who lists one directory will want the next. */
const readAheadNodes = 64;

/**
 * The tree that a file system stands on, as it is asked by one: at once, or `NotResident` where nodes have to be fetched
 * first. A rank names an entry forever, since the tree never changes.
 */
export class BaseTree {
  readonly root: Hash;
  /** How many entries the tree has. */
  readonly count: number;
  readonly #source: NodeStore;

  private constructor(source: NodeStore, root: TreeNode) {
    this.#source = source;
    this.root = root.hash;
    this.count = root.count;
  }

  static async open(source: NodeStore, root: Hash): Promise<BaseTree> {
    return new BaseTree(source, await source.node(root));
  }

  /** The entry `name` of `directory`, or undefined. */
  find(directory: TreePath, name: string): RankedEntry | undefined {
    const key = `${directory}\0${name}` as TreeKey;
    const { leaf, rank } = this.#seek(key);
    const index = leaf.position(key);
    return leaf.keys[index] === key ? { rank: rank + index, entry: leaf.entry(index) } : undefined;
  }

  /** The entry with `rank` entries before it, which must be below `count`. */
  at(rank: number): { readonly path: TreePath; readonly entry: Entry } {
    const { leaf, first } = this.#leafOf(rank, 'alone');
    return { path: pathOfKey(leaf.keys[rank - first]!), entry: leaf.entry(rank - first) };
  }

  /** The rank of the directory at `path`, which is in the tree; −1 for the root, which is no entry. */
  rankOfDirectory(path: TreePath): number {
    if (path === rootPath) return -1;
    const name = path.slice(path.lastIndexOf('/') + 1);
    return this.find(parentPath(path), name)!.rank;
  }

  /** The rank of the first entry of `directory`, if it has any. */
  firstRankIn(directory: TreePath): number {
    const key = firstKeyIn(directory);
    const { leaf, rank } = this.#seek(key);
    return rank + leaf.position(key);
  }

  /**
   * Hands the entries of `directory`, from the one with the rank `from`, to `take` in the order of their names, until
   * that returns false. True when all of them were taken.
   */
  list(directory: TreePath, from: number, take: Take): boolean {
    const end = lastKeyIn(directory);
    for (let rank = from; rank < this.count; ) {
      const { leaf, first } = this.#leafOf(rank, 'read ahead');
      for (let index = rank - first; index < leaf.keys.length; index++) {
        const key = leaf.keys[index]!;
        if (key >= end) return true;
        if (!take(first + index, nameOfKey(key), leaf.entry(index))) return false;
      }
      rank = first + leaf.keys.length;
    }
    return true;
  }

  /** The leaf in which `key` lies or would lie, and how many entries lie before it. */
  #seek(key: TreeKey): { leaf: LeafNode; rank: number } {
    let node = this.#node(this.root);
    let rank = 0;
    while (node.level > 0) {
      const inner = node as InnerNode;
      const index = Math.min(inner.position(key), inner.keys.length - 1);
      rank += inner.ranks[index]!;
      node = this.#node(inner.children[index]!.hash);
    }
    return { leaf: node as LeafNode, rank };
  }

  /** The leaf with the entry of `rank`, and the rank of its first entry. */
  #leafOf(rank: number, manner: 'read ahead' | 'alone'): { leaf: LeafNode; first: number } {
    let node = this.#node(this.root);
    let first = 0;
    while (node.level > 0) {
      const inner = node as InnerNode;
      const index = inner.childAtRank(rank - first);
      first += inner.ranks[index]!;
      node = manner === 'alone' ? this.#node(inner.children[index]!.hash) : this.#nodeAndBehind(inner, index);
    }
    return { leaf: node as LeafNode, first };
  }

  /** A child; where it has to be fetched, those behind it come along. */
  #nodeAndBehind(inner: InnerNode, index: number): TreeNode {
    const [wanted, ...behind] = inner.children.slice(index, index + 1 + readAheadNodes);
    const found = this.#source.node(wanted!.hash);
    if (!(found instanceof Promise)) return found;
    // What is read ahead may fail: whoever needs it will be told.
    this.#source.prefetch(behind.map(({ hash }) => hash)).catch(() => {});
    throw new NotResident(found);
  }

  #node(hash: Hash): TreeNode {
    const found = this.#source.node(hash);
    if (found instanceof Promise) throw new NotResident(found);
    return found;
  }
}
