import type { KeptWork } from '../../workspace/git/keep-work.ts';
import { removeGitWorkspace } from '../../workspace/git/remove-git-workspace.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import type { HubSessions } from './hub-sessions.ts';
import { unprovisionWorkspace } from './provision.ts';

/** Takes a session's workspace away, once all that it holds and git does not ignore is kept in the hub. */
export async function removeWorkspace(sessions: HubSessions, workspace: GitWorkspace): Promise<KeptWork> {
  await unprovisionWorkspace(sessions, workspace);
  const kept = await removeGitWorkspace(workspace, sessions.hub);
  const held = sessions.held.get(workspace.record.slug);
  if (held !== undefined) sessions.held.set({ token: held.token, directory: undefined });
  return kept;
}
