import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreePath } from '../tree/path.ts';
import type { CommitChange, InIndex, OnDisk } from './checkout-state.ts';
import type { Checkout } from './checkouts.ts';
import { gitMode } from './git-tree.ts';
import type { GitContent } from './git-tree-edit.ts';
import { gitArguments } from './repository.ts';

/** What becomes of one path of a checkout whose branch has moved. What is not named stays as it is. */
export interface PathPlan {
  readonly path: TreePath;
  /** What the index shall have: one content, nothing, or the versions of a conflict. */
  readonly index?: GitContent | 'nothing' | Stages;
  /** What the disk shall have. */
  readonly disk?: GitContent | 'nothing';
  readonly isConflict: boolean;
  /** What the disk shall have is what its user has written there, together with what came. */
  readonly isMerged?: boolean;
}

/** The versions of a path in conflict, as after a merge: where both came from, what is here, what the branch has. */
export interface Stages {
  readonly base: GitContent | undefined;
  readonly ours: GitContent | undefined;
  readonly theirs: GitContent | undefined;
}

/** What a checkout has at a path of a change. */
export interface PathState {
  readonly index: InIndex;
  readonly disk: OnDisk;
}

/** Merges `ours` and `theirs`, which both came from `base`; undefined where they conflict. */
export type ContentMerge = (
  base: GitContent,
  ours: GitContent,
  theirs: GitContent,
) => Promise<GitContent | undefined>;

/** Plans what a change of the branch does to a path, so that nothing that a user has there is lost. */
export async function planPath(
  change: CommitChange,
  state: PathState,
  merge: ContentMerge,
): Promise<PathPlan> {
  const { path, before, after } = change;
  const { index, disk } = state;
  const done: PathPlan = { path, isConflict: false };
  if (index.kind === 'unmerged') return { path, isConflict: true };
  const staged = index.kind === 'entry' ? index.content : undefined;
  if (isSame(staged, after) && (after !== undefined || disk === 'nothing')) return done;
  const isUnstaged = isSame(staged, before);
  // Submodules are their user's to update, and what a sparse checkout leaves out is not on disk.
  const isIndexOnly =
    isGitlink(before) || isGitlink(after) || (index.kind === 'entry' && index.absentFromDisk);
  if (isIndexOnly && isUnstaged) return { ...done, index: after ?? 'nothing' };
  const ours = contentOf(disk);
  const conflict: PathPlan = {
    path,
    index: { base: before, ours: isUnstaged ? contentOf(disk) : staged, theirs: after },
    isConflict: true,
  };
  if (isIndexOnly || disk === 'obstacle') return conflict;

  if (before === undefined || after === undefined) {
    const isUntouched = isUnstaged && (disk === 'nothing' || isSame(ours, before));
    if (isUntouched) return { ...done, index: after ?? 'nothing', disk: after ?? 'nothing' };
    if (staged === undefined && isSame(ours, after)) return { ...done, index: after ?? 'nothing' };
    // Taken out of the index, but not from the disk: it is the user's own file now.
    if (staged === undefined && after === undefined) return done;
    return conflict;
  }
  if (staged === undefined) return conflict;
  const mergedIndex = isUnstaged ? after : await merge(before, staged, after);
  const mergedDisk =
    ours === undefined || isSame(ours, staged) ? mergedIndex : await merge(before, ours, after);
  if (mergedIndex === undefined || mergedDisk === undefined) return conflict;
  return { ...done, index: mergedIndex, disk: mergedDisk, isMerged: !isSame(mergedDisk, after) };
}

function contentOf(disk: OnDisk): GitContent | undefined {
  return disk === 'nothing' || disk === 'obstacle' ? undefined : disk;
}

function isSame(a: GitContent | undefined, b: GitContent | undefined): boolean {
  return a?.id === b?.id && a?.mode === b?.mode;
}

function isGitlink(content: GitContent | undefined): boolean {
  return content?.mode === gitMode.gitlink;
}

/** Merges contents as `git merge-file` does, with the temporary files that it needs in `directory`. */
export function gitContentMerge({ repository }: Checkout, directory: string): ContentMerge {
  const { git } = repository;
  return async (base, ours, theirs) => {
    if (isSame(ours, theirs) || isSame(base, theirs)) return ours;
    if (isSame(base, ours)) return theirs;
    const isFile = ({ mode }: GitContent) => mode !== gitMode.symlink && mode !== gitMode.gitlink;
    if (![base, ours, theirs].every(isFile)) return undefined;
    const mode = ours.mode === base.mode ? theirs.mode : ours.mode;
    if (ours.id === base.id || ours.id === theirs.id) return { mode, id: theirs.id };
    if (theirs.id === base.id) return { mode, id: ours.id };
    const scratch = await mkdtemp(join(directory, 'micelio-merge-'));
    try {
      const versions = { ours, base, theirs };
      const files = Object.keys(versions).map((name) => join(scratch, name));
      for (const [i, { id }] of Object.values(versions).entries()) {
        await writeFile(files[i]!, await git.run(gitArguments(repository, ['cat-file', 'blob', id])));
      }
      const merged = await git.attempt(gitArguments(repository, ['merge-file', '-p', '--quiet', ...files]));
      // The number of conflicts, or that it is no text.
      if (merged.exitCode !== 0) return undefined;
      const store = gitArguments(repository, ['hash-object', '-w', '--stdin']);
      const id = (await git.run(store, { input: merged.stdout })).toString('latin1').trim();
      return { mode, id: id as GitContent['id'] };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  };
}
