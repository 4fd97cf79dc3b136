import type { Entry, FileEntry, GitlinkEntry, SymlinkEntry } from '../tree/entry.ts';
import { sameEntry } from '../tree/entry.ts';

/** The two trees that are merged. `ours` is the head, `theirs` what lands on it. */
export type Side = 'ours' | 'theirs';

/** A side, or the tree that both started from. */
export type Stage = 'base' | Side;

export const sides: readonly Side[] = ['ours', 'theirs'];

export function otherSide(side: Side): Side {
  return side === 'ours' ? 'theirs' : 'ours';
}

/** What a path can hold besides a directory. */
export type Leaf = FileEntry | SymlinkEntry | GitlinkEntry;

export type PerStage<Value> = Record<Stage, Value>;
export type PerSide<Value> = Record<Side, Value>;

export function leafOf(entry: Entry | undefined): Leaf | undefined {
  return entry === undefined || entry.type === 'directory' ? undefined : entry;
}

/** Names what a leaf holds, whatever its permissions: the hash of its content, or a submodule's commit. */
export function contentName(leaf: Leaf): string {
  return leaf.type === 'gitlink' ? leaf.commit : leaf.hash;
}

/** Which stages of a path hold the same leaf, if any two do; `all` when all three do. */
export type Agreement = 'none' | 'ours is base' | 'theirs is base' | 'ours is theirs' | 'all';

export function agreementOf(leaves: PerStage<Leaf | undefined>): Agreement {
  const same = (a: Leaf | undefined, b: Leaf | undefined) => a !== undefined && sameEntry(a, b);
  if (same(leaves.base, leaves.ours)) return same(leaves.base, leaves.theirs) ? 'all' : 'ours is base';
  if (same(leaves.base, leaves.theirs)) return 'theirs is base';
  return same(leaves.ours, leaves.theirs) ? 'ours is theirs' : 'none';
}
