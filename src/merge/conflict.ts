import type { TreePath } from '../tree/path.ts';
import type { MergeHunk } from './merge-hunks.ts';
import type { Leaf, PerStage } from './stage.ts';

/**
 * Why a path does not merge by itself.
 *
 * - content: both sides changed the same lines.
 * - add/add: both sides added the path, with different content.
 * - binary, too-large, too-costly: both sides changed a file that is not merged by lines.
 * - mode: the sides gave the path different permissions.
 * - symlink, submodule: both sides changed where a symlink points, or which commit a submodule is at.
 * - distinct types: the sides made different things of the path: a file, a symlink, a submodule.
 * - modify/delete: one side changed what the other removed.
 * - rename/delete: one side renamed what the other removed.
 * - rename/rename: each side gave the file another name.
 * - rename/collision: a renamed file whose content does not merge came where the other side has a file too.
 * - file/directory: one side has a file where the other has a directory.
 * - file location: a side put a file into a directory that the other side renamed.
 * - directory rename split: the directory's files went to several places, none of which got most of them.
 * - directory rename blocked: something is in the way where a file should follow its renamed directory to.
 */
export type ConflictKind =
  | 'content'
  | 'add/add'
  | 'binary'
  | 'too-large'
  | 'too-costly'
  | 'mode'
  | 'symlink'
  | 'submodule'
  | 'distinct types'
  | 'modify/delete'
  | 'rename/delete'
  | 'rename/rename'
  | 'rename/collision'
  | 'file/directory'
  | 'file location'
  | 'directory rename split'
  | 'directory rename blocked';

/** A version of the conflicted file, and the path that it has in its tree. */
export interface ConflictVersion {
  readonly path: TreePath;
  readonly leaf: Leaf;
}

/** Something that a person or an agent has to decide. */
export interface Conflict {
  readonly kind: ConflictKind;
  /** The path that the conflict is about; the old one of a renamed file, the directory of a directory rename. */
  readonly path: TreePath;
  /** What each tree has; a stage that has nothing is undefined. All are in conflicts about directories alone. */
  readonly versions: PerStage<ConflictVersion | undefined>;
  /** Where the lines of the three versions conflict, in order. Empty for what is not merged by lines. */
  readonly hunks: readonly MergeHunk[];
  /**
   * Where the proposed tree has what is to be resolved: text with conflict markers around the hunks, or the version
   * that was kept.
   */
  readonly proposed: TreePath[];
}

export function conflict(
  kind: ConflictKind,
  path: TreePath,
  versions: PerStage<ConflictVersion | undefined>,
  hunks: readonly MergeHunk[] = [],
): Conflict {
  return { kind, path, versions, hunks, proposed: [] };
}
