import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { type GoneFiles, type IgnoredChoice, surveyIgnored } from './ignored-files.ts';
import { type KeptWork, keepWork } from './keep-work.ts';
import { type AsideFiles, setAside } from './set-aside.ts';
import type { GitWorkspace } from './workspace-record.ts';

/** How a workspace goes. */
export interface Removal {
  readonly ignored: IgnoredChoice;
  /** What is to be done in the workspace once all is kept, and before it is deleted. */
  readonly beforeDeletion?: () => Promise<unknown>;
}

export interface RemovedWorkspace extends KeptWork {
  /** The files that git ignores and somebody may miss; undefined where there were none. */
  readonly aside: AsideFiles | undefined;
  /** What git ignores and went with the workspace. */
  readonly gone: readonly GoneFiles[];
}

/**
 * Deletes a workspace, after all that it holds was kept in the hub: what git does not ignore as commits, and what it does
 * as files (docs/hub.md says which). Throws as `keepWork` and `surveyIgnored` do, and deletes nothing then.
 */
export async function removeGitWorkspace(
  workspace: GitWorkspace,
  hub: Repository,
  { ignored, beforeDeletion }: Removal,
): Promise<RemovedWorkspace> {
  const { directory, record } = workspace;
  const { keep, gone } = await surveyIgnored(workspace, ignored);
  const kept = await keepWork(workspace, hub);
  const aside = setAside(hub, record.slug, directory, keep);
  await beforeDeletion?.();
  await deleteDirectory(workspace, hub);
  return { ...kept, aside, gone };
}

async function deleteDirectory({ directory, record }: GitWorkspace, hub: Repository): Promise<void> {
  if (record.kind === 'worktree') {
    await hub.git.run(gitArguments(hub, ['worktree', 'remove', '--force', '--force', directory]));
    return;
  }
  // Out of sight at once: what is half deleted is no workspace.
  const doomed = join(dirname(directory), `.removing-${basename(directory)}-${process.pid}`);
  try {
    renameSync(directory, doomed);
    await rm(doomed, { recursive: true, force: true });
  } catch (error) {
    if (!existsSync(directory) && !existsSync(doomed)) return;
    throw workspaceErrorFrom(error, `delete "${directory}"`);
  }
}
