import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Slug } from '../../session/plan/slug.ts';
import { usualKind } from '../../workspace/git/kept-kind.ts';
import { parseConf } from '../../workspace/provision/conf.ts';
import { readProjectConf } from '../../workspace/provision/locate-workspace.ts';
import { ProvisionError } from '../../workspace/provision/provision-error.ts';
import { includeName } from '../../workspace/provision/worktree-include.ts';
import type { GitWorkspaceChoice, HubSessions } from './hub-sessions.ts';

/** A session that there is not, for what holds for all of them. */
export const anySession = '2025-10-14-any' as Slug;

/**
 * Looks before a claim at what a new workspace on main would get: a wrong line of the project's would take one session after
 * the other out of the queue. Nothing happens for a session that has its workspace here. Runs no command for a secret.
 * Throws `ProvisionError`.
 */
export async function requireProvisionable(
  sessions: HubSessions,
  slug: Slug,
  kind: GitWorkspaceChoice['kind'],
): Promise<void> {
  if (!asksForFiles(sessions, slug) || (await sessions.workspaceOf(slug)) !== undefined) return;
  // Loaded here: most projects ask for nothing, and what renders templates is large.
  const { planForNew } = await import('./provision.ts');
  try {
    await planForNew(sessions, slug, kind ?? usualKind(sessions.hub, slug));
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error;
    const words = `Nothing was claimed, because a workspace would not get its untracked files. ${error.message}\n"mic provision plan" in the main workspace says when it is well.`;
    throw new ProvisionError(error.code, words, { cause: error });
  }
}

/** The same for several sessions: what is said for all of them is looked at once. */
export function provisionableChecks(
  sessions: HubSessions,
  kind: GitWorkspaceChoice['kind'],
): (slug: Slug) => Promise<void> {
  const known = new Map<string, Promise<void>>();
  return async (slug) => {
    // One that has its workspace says nothing about the others.
    if ((await sessions.workspaceOf(slug)) !== undefined) return;
    const files = confOf(sessions, slug).map(({ file }) => file);
    const key = files.join('\n');
    const check = known.get(key) ?? requireProvisionable(sessions, slug, kind);
    known.set(key, check);
    await check;
  };
}

/** Whether a session gets any file that git does not track, or something is wrong with what says so. */
function asksForFiles(sessions: HubSessions, slug: Slug): boolean {
  const { mainDirectory } = sessions;
  if (!existsSync(join(mainDirectory, '.git'))) return false;
  if (existsSync(join(mainDirectory, includeName))) return true;
  const problems: ProvisionError[] = [];
  const rules = confOf(sessions, slug).flatMap((layer) => parseConf(layer, problems));
  return rules.length > 0 || problems.length > 0;
}

function confOf(sessions: HubSessions, slug: Slug) {
  return readProjectConf(sessions.mainDirectory, sessions.ledger.hub.layout.configuration, slug).conf;
}
