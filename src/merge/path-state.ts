import type { TreePath } from '../tree/path.ts';
import type { ChangeNode } from './change-tree.ts';
import type { Conflict } from './conflict.ts';
import { type Agreement, agreementOf, type Leaf, type PerStage } from './stage.ts';

/** What is known of a path while its merge is worked out. Renames move versions from one path's state to another's. */
export interface PathState {
  readonly versions: PerStage<Leaf | undefined>;
  /** The path that each version comes from; another than the state's own where a rename brought it. */
  readonly origins: PerStage<TreePath>;
  /** Which versions agreed before renames. */
  readonly agreement: Agreement;
  /** Whether the path is a directory, in each stage. */
  readonly directories: PerStage<boolean>;
  /** The conflicts that renames made of this path, whatever its content says. */
  readonly renameConflicts: Conflict[];
  /** Conflicts of renames that count even where the path then goes away, or merges cleanly. */
  readonly collisionConflicts: Conflict[];
  /** Set where the merged version needs no more thought; `leaf` is undefined where the path goes away. */
  settled: { readonly leaf: Leaf | undefined } | undefined;
}

/** The paths that the merge is about. */
export type PathTable = Map<TreePath, PathState>;

export function stateOf(node: ChangeNode): PathState {
  return {
    versions: { ...node.leaves },
    origins: { base: node.path, ours: node.path, theirs: node.path },
    agreement: agreementOf(node.leaves),
    directories: node.directories,
    renameConflicts: [],
    collisionConflicts: [],
    settled: undefined,
  };
}
