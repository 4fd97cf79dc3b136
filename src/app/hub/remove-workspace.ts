import { hasCode } from '../../base/error.ts';
import { moveRefs, parseRefName, readRefs } from '../../git/refs.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { keptRefs } from '../../workspace/git/keep-work.ts';
import {
  finishRemoval,
  type RemovedWorkspace,
  removeGitWorkspace,
} from '../../workspace/git/remove-git-workspace.ts';
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

/**
 * Takes the workspace of a completed session away, and its branch in the hub; undefined where it has none here, or somebody was
 * killed who had kept all of it. What cannot be kept stays where it is.
 */
export async function clearAway(sessions: HubSessions, slug: Slug): Promise<LeftWorkspace | undefined> {
  const workspace = await sessions.workspaceOf(slug);
  try {
    const removed = workspace && (await removeWorkspace(sessions, workspace));
    if (removed === undefined)
      for (const place of sessions.placesOf(slug)) await finishRemoval(sessions.hub, slug, place);
    await deleteBranch(sessions, slug);
    return removed && { outcome: 'removed', ...removed };
  } catch (error) {
    // The session is completed whatever becomes of its workspace.
    if (workspace === undefined || !hasCode(error, 'workspace/cannot-keep')) throw error;
    return { outcome: 'stays', directory: workspace.directory, reason: error.message };
  }
}

/** Where what is on it is kept below refs/sessions/. Who moves it at this moment keeps it. */
async function deleteBranch({ hub }: HubSessions, slug: Slug): Promise<void> {
  const branch = parseRefName(`session/${slug}`);
  const { commits } = keptRefs(slug);
  const refs = await readRefs(hub, [branch, commits]);
  const expected = refs.get(branch);
  if (expected !== undefined && expected === refs.get(commits))
    await moveRefs(hub, [{ ref: branch, expected, next: 'absent' }], 'micelio: session completed');
}
