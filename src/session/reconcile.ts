import type { Hash } from '../base/hash.ts';
import { type CheckpointOutcome, updateWhereItIs, withCheckpoint } from './checkpoint.ts';
import { nextState } from './life-cycle.ts';
import { type MergedFiles, mergeFiles } from './merge-files.ts';
import type { ProjectContext } from './project.ts';
import type { Session } from './session.ts';

/**
 * Merges what a workspace holds, `local`, with what the session was made into elsewhere (on another machine, or by going
 * back to a checkpoint without this workspace) since the two agreed upon `agreed`. Everything is durable; the caller
 * brings the workspace to the merged tree and then calls `finishReconcile`.
 */
export function planReconcile(
  project: ProjectContext,
  session: Session,
  agreed: Hash,
  local: Hash,
): Promise<MergedFiles> {
  const trees = { base: agreed, ours: local, theirs: session.tree, attributes: local };
  return mergeFiles(project, trees, { ours: 'workspace', base: 'base', theirs: 'session' });
}

/** Records the merged files as the session's, unless its files were recorded differently since. */
export function finishReconcile(
  project: ProjectContext,
  session: Session,
  merged: MergedFiles,
): Promise<CheckpointOutcome> {
  return updateWhereItIs(project, session, (current) => {
    const recorded = withCheckpoint(current, merged.tree, 'merged with the workspace', project.clock.now());
    if (merged.open.length === 0) return recorded;
    const state = nextState(recorded.state, 'conflict', session.id);
    return { ...recorded, state, conflicts: [...recorded.conflicts, ...merged.open] };
  });
}
