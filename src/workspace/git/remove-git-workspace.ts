import { existsSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { type KeptWork, keepWork } from './keep-work.ts';
import type { GitWorkspace } from './workspace-record.ts';

/**
 * Deletes a workspace, after all that it holds was kept in the hub. Throws as `keepWork` does, and deletes nothing then.
 */
export async function removeGitWorkspace(workspace: GitWorkspace, hub: Repository): Promise<KeptWork> {
  const kept = await keepWork(workspace, hub);
  const { directory, record } = workspace;
  if (record.kind === 'worktree') {
    await hub.git.run(gitArguments(hub, ['worktree', 'remove', '--force', '--force', directory]));
    return kept;
  }
  // Out of sight at once: what is half deleted is no workspace.
  const doomed = join(dirname(directory), `.removing-${basename(directory)}-${process.pid}`);
  try {
    renameSync(directory, doomed);
    await rm(doomed, { recursive: true, force: true });
  } catch (error) {
    if (!existsSync(directory) && !existsSync(doomed)) return kept;
    throw workspaceErrorFrom(error, `delete "${directory}"`);
  }
  return kept;
}
