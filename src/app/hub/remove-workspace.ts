import { hasCode } from '../../base/error.ts';
import { moveRefs, parseRefName, readRef } from '../../git/refs.ts';
import { type RemovedWorkspace, removeGitWorkspace } from '../../workspace/git/remove-git-workspace.ts';
import type { IgnoredChoice } from '../../workspace/git/unkept-files.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import type { HubSessions } from './hub-sessions.ts';
import { unprovisionWorkspace } from './provision.ts';

/**
 * Takes a session's workspace away, once all that it holds is kept in the hub. Throws `workspace/cannot-keep` for what
 * cannot be; nothing has happened then.
 */
export async function removeWorkspace(
  sessions: HubSessions,
  workspace: GitWorkspace,
  ignored: IgnoredChoice = 'keep',
): Promise<RemovedWorkspace> {
  const removed = await removeGitWorkspace(workspace, sessions.hub, {
    ignored,
    // Last: what was provisioned is known by its record, which goes here.
    beforeDeletion: () => unprovisionWorkspace(sessions, workspace),
  });
  const held = sessions.held.get(workspace.record.slug);
  if (held !== undefined) sessions.held.set({ token: held.token, directory: undefined });
  return removed;
}

/** What became of the workspace of a session that is completed. */
export type LeftWorkspace =
  | ({ readonly outcome: 'removed' } & RemovedWorkspace)
  /** It holds what cannot be kept; `reason` says what to do. */
  | { readonly outcome: 'stays'; readonly directory: string; readonly reason: string };

/** Takes the workspace of a completed session away, and its branch in the hub. What cannot be kept stays where it is. */
export async function clearAway(sessions: HubSessions, workspace: GitWorkspace): Promise<LeftWorkspace> {
  const { directory, record } = workspace;
  try {
    const removed = await removeWorkspace(sessions, workspace);
    const branch = parseRefName(record.branch);
    const expected = await readRef(sessions.hub, branch);
    // What was on the branch is kept below refs/sessions/. Who moves it at this moment keeps it.
    if (expected !== 'absent')
      await moveRefs(sessions.hub, [{ ref: branch, expected, next: 'absent' }], 'micelio: session completed');
    return { outcome: 'removed', ...removed };
  } catch (error) {
    // The session is completed whatever becomes of its workspace.
    if (!hasCode(error, 'workspace/cannot-keep')) throw error;
    return { outcome: 'stays', directory, reason: error.message };
  }
}
