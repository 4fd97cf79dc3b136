import type { Hash } from '../base/hash.ts';
import { type Change, sameEntry } from './entry.ts';
import { pathOfKey, type TreeKey } from './key.ts';
import type { ChildItem, EntryItem, InnerNode, LeafNode } from './node.ts';
import type { NodeSource } from './node-store.ts';
import type { TreePath } from './path.ts';

/** A difference between two trees at one path. */
export type TreeChange = Change<TreePath>;

/**
 * What differs between two trees, in the order of the tree's keys, directories included. Subtrees that both share are
 * never read: the nodes read grow with the differences, not with the trees.
 */
export async function* diffTrees(source: NodeSource, before: Hash, after: Hash): AsyncGenerator<TreeChange> {
  if (before === after) return;
  const [a, b] = await Promise.all([source.node(before), source.node(after)]);
  yield* diffRuns(
    source,
    { level: a.level, nodes: [childOf(before, a.keys, a.count)] },
    { level: b.level, nodes: [childOf(after, b.keys, b.count)] },
  );
}

/** `diffTrees`, gathered. For differences that are known to fit in memory. */
export async function treeChanges(source: NodeSource, before: Hash, after: Hash): Promise<TreeChange[]> {
  return Array.fromAsync(diffTrees(source, before, after));
}

/** Neighbouring nodes of one level: all that one tree has between two keys. */
interface Run {
  readonly level: number;
  readonly nodes: readonly ChildItem[];
}

/** What two trees have between the same keys. */
interface RunPair {
  readonly a: readonly ChildItem[];
  readonly b: readonly ChildItem[];
}

/** How many nodes are fetched at once, at least, where so many differ: some 5 KB each. */
const fetchedAtOnce = 256;

async function* diffRuns(source: NodeSource, a: Run, b: Run): AsyncGenerator<TreeChange> {
  if (a.level > b.level) return yield* diffRuns(source, await expand(source, a), b);
  if (b.level > a.level) return yield* diffRuns(source, a, await expand(source, b));
  if (a.level === 0) {
    const [left, right] = await Promise.all([entriesOf(source, a.nodes), entriesOf(source, b.nodes)]);
    return yield* diffEntries(left, right);
  }
  const [left, right] = await Promise.all([expand(source, a), expand(source, b)]);
  for (const pairs of batchesOf(alignedRuns(left.nodes, right.nodes))) {
    await source.prefetch?.(pairs.flatMap((pair) => [...pair.a, ...pair.b].map(({ hash }) => hash)));
    for (const pair of pairs) {
      yield* diffRuns(source, { level: left.level, nodes: pair.a }, { level: right.level, nodes: pair.b });
    }
  }
}

/** Pieces of two runs, as many together as are worth fetching at once. */
function* batchesOf(pairs: Iterable<RunPair>): Generator<RunPair[]> {
  let batch: RunPair[] = [];
  let nodes = 0;
  for (const pair of pairs) {
    batch.push(pair);
    nodes += pair.a.length + pair.b.length;
    if (nodes < fetchedAtOnce) continue;
    yield batch;
    batch = [];
    nodes = 0;
  }
  if (batch.length > 0) yield batch;
}

async function expand(source: NodeSource, run: Run): Promise<Run> {
  await source.prefetch?.(run.nodes.map(({ hash }) => hash));
  const nodes = await Promise.all(run.nodes.map((item) => source.node(item.hash)));
  return { level: run.level - 1, nodes: nodes.flatMap((node) => (node as InnerNode).children) };
}

async function entriesOf(source: NodeSource, items: readonly ChildItem[]): Promise<EntryItem[]> {
  await source.prefetch?.(items.map(({ hash }) => hash));
  const nodes = await Promise.all(items.map((item) => source.node(item.hash)));
  return nodes.flatMap((node) => (node as LeafNode).items());
}

/**
 * Cuts two sequences of nodes, which cover the same keys, wherever both have a boundary, and yields the pieces that
 * differ. A boundary of both is where the nodes on each side end with the same key.
 */
function* alignedRuns(a: readonly ChildItem[], b: readonly ChildItem[]): Generator<RunPair> {
  let startA = 0;
  let startB = 0;
  while (startA < a.length || startB < b.length) {
    let endA = startA + 1;
    let endB = startB + 1;
    while (endA <= a.length && endB <= b.length && a[endA - 1]!.key !== b[endB - 1]!.key) {
      if (a[endA - 1]!.key < b[endB - 1]!.key) endA++;
      else endB++;
    }
    if (endA > a.length || endB > b.length) {
      endA = a.length;
      endB = b.length;
    }
    const same = endA === startA + 1 && endB === startB + 1 && a[startA]!.hash === b[startB]!.hash;
    if (!same) yield { a: a.slice(startA, endA), b: b.slice(startB, endB) };
    startA = endA;
    startB = endB;
  }
}

function* diffEntries(a: readonly EntryItem[], b: readonly EntryItem[]): Generator<TreeChange> {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (right === undefined || (left !== undefined && left.key < right.key)) {
      yield { path: pathOfKey(left!.key), before: left!.entry, after: undefined };
      i++;
    } else if (left === undefined || right.key < left.key) {
      yield { path: pathOfKey(right.key), before: undefined, after: right.entry };
      j++;
    } else {
      if (!sameEntry(left.entry, right.entry)) {
        yield { path: pathOfKey(left.key), before: left.entry, after: right.entry };
      }
      i++;
      j++;
    }
  }
}

function childOf(hash: Hash, keys: readonly TreeKey[], count: number): ChildItem {
  return { hash, key: keys.at(-1) ?? ('' as TreeKey), count };
}
