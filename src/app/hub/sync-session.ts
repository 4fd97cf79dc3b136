import { join } from 'node:path';
import type { Slug } from '../../session/plan/slug.ts';
import { deepenWorkspace } from '../../workspace/git/clone-history.ts';
import { type SyncMethod, type SyncOutcome, syncWorkspace } from '../../workspace/git/sync-workspace.ts';
import type { HubSessions } from './hub-sessions.ts';
import { noWorkspace } from './leave-session.ts';
import { protectPlan } from './protect-plan.ts';
import { mainWithLanded } from './session-changes.ts';

/**
 * Brings main into a session's workspace. A conflicted session that has all of main without a conflict goes on as an active
 * one. Throws `session/no-workspace`, `workspace/changed` and `workspace/cannot-sync`.
 */
export async function syncSession(
  sessions: HubSessions,
  slug: Slug,
  method: SyncMethod,
): Promise<SyncOutcome> {
  const workspace = await sessions.workspaceOf(slug);
  if (workspace === undefined) throw noWorkspace(slug);
  // What this hub knows of main may be older than what the repository that decides has.
  const { state } = await sessions.ledger.session(slug);
  const { layout } = sessions.ledger.hub;
  const { agent } = sessions.surroundings;
  const outcome = await syncWorkspace(workspace, method, (main, head) =>
    mainWithLanded(workspace.repository, layout, { slug, head, main, agent }),
  );
  // git has written it anew where main had another one; one in conflict is to be resolved.
  const hasMain = outcome.outcome === 'synced' || outcome.outcome === 'up to date';
  if (hasMain) protectPlan(join(workspace.directory, layout.session('active', slug)));
  const token = sessions.tokenOf(slug);
  // Out of reach, that waits: whether a session was conflicted does not matter to its completion.
  const isKnown = sessions.ledger.staleness === undefined;
  if (isKnown && hasMain && state === 'conflicted' && token !== undefined)
    await sessions.ledger.resolve({ token });
  return outcome;
}

/** Brings more history into a session's clone. Throws `session/no-workspace`. */
export async function deepenSession(
  sessions: HubSessions,
  slug: Slug,
  commits: number | 'all',
): Promise<void> {
  const workspace = await sessions.workspaceOf(slug);
  if (workspace === undefined) throw noWorkspace(slug);
  await deepenWorkspace(workspace, commits);
}
