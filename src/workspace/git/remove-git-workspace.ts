import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Repository } from '../../git/repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { besidePlace, removeWorktree, sweepBeside } from './half-done.ts';
import { type KeptWork, keepWork } from './keep-work.ts';
import { withPlaceLock } from './place-lock.ts';
import { type AsideFiles, setAside, settleAside } from './set-aside.ts';
import { type GoneFiles, type IgnoredChoice, surveyUnkept } from './unkept-files.ts';
import type { GitWorkspace } from './workspace-record.ts';

/** How a workspace goes. */
export interface Removal {
  readonly ignored: IgnoredChoice;
  /** What is to be done in the workspace once all is kept, and before it is deleted. */
  readonly beforeDeletion?: () => Promise<unknown>;
}

export interface RemovedWorkspace extends KeptWork {
  /** What git does not keep and somebody may miss; undefined where there was nothing. */
  readonly aside: AsideFiles | undefined;
  /** What went with the workspace. */
  readonly gone: readonly GoneFiles[];
}

/**
 * Deletes a workspace, after all that it holds was kept in the hub: what git keeps as commits, and the rest
 * as files (docs/hub.md says which). Throws as `keepWork` and `surveyUnkept` do, and deletes nothing then.
 */
export async function removeGitWorkspace(
  workspace: GitWorkspace,
  hub: Repository,
  { ignored, beforeDeletion }: Removal,
): Promise<RemovedWorkspace> {
  const { directory, record } = workspace;
  return withPlaceLock(hub, record.slug, async () => {
    sweepBeside(directory);
    const { keep, gone } = await surveyUnkept(workspace, ignored);
    const kept = await keepWork(workspace, hub, 'all');
    const aside = setAside(hub, record.slug, directory, keep);
    await beforeDeletion?.();
    await deleteDirectory(workspace, hub);
    return { ...kept, aside, gone };
  });
}

/**
 * Finishes the deletion of a session's workspace at `directory` that was interrupted after all in it had been kept. Where there is a
 * workspace, or never was one, nothing happens.
 */
export function finishRemoval(hub: Repository, slug: Slug, directory: string): Promise<void> {
  return withPlaceLock(hub, slug, async () => {
    if (existsSync(directory)) return;
    sweepBeside(directory);
    settleAside(hub, slug);
    await removeWorktree(hub, directory);
  });
}

async function deleteDirectory({ directory, record }: GitWorkspace, hub: Repository): Promise<void> {
  // Out of sight at once: what is half deleted is no workspace.
  const doomed = besidePlace(directory, 'removing');
  try {
    renameSync(directory, doomed);
  } catch (error) {
    if (existsSync(directory)) throw workspaceErrorFrom(error, `delete "${directory}"`);
  }
  settleAside(hub, record.slug);
  if (record.kind === 'worktree') await removeWorktree(hub, directory);
  await rm(doomed, { recursive: true, force: true }).catch((error: unknown) => {
    throw workspaceErrorFrom(error, `delete "${doomed}", of which all is kept`);
  });
}
