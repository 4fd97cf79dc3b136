import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { WorkspaceError } from '../workspace-error.ts';
import type { GitWorkspace } from './workspace-record.ts';

/**
 * The error for what a clone and its hub could not do with each other: `workspace/hub-moved` where the hub is not where the
 * clone has it, otherwise `error`.
 */
export function troubleWithHub({ directory, record }: GitWorkspace, error: unknown): unknown {
  const { slug, hub } = record;
  if (!isAbsolute(hub) || existsSync(hub)) return error;
  return new WorkspaceError(
    'workspace/hub-moved',
    `The workspace of ${slug} has its repository at ${hub}, and it is not there any more, so nothing was done. Where it was moved, call "mic session repair" in it, or "mic session repair --hub PATH" in ${directory}; then do it again.`,
    { cause: error },
  );
}
