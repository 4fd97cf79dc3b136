import { resolve } from 'node:path';
import type { GitWorkspaceChoice } from '../../app/hub/hub-sessions.ts';
import { type WorkspaceKind, workspaceKinds } from '../../session/workspace-port.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command.ts';

/** The kinds of workspaces that sessions of a git repository have. */
export const gitWorkspaceKinds = ['clone', 'worktree'] as const;

/** What was said of the workspace of a session. */
export interface WorkspaceWords {
  readonly workspace?: string | undefined;
  readonly directory?: string | undefined;
}

/** The workspace that is asked for; of which kind, only where it is said. Throws `cli/usage`. */
export function workspaceChoice(
  { directory: from }: CommandContext,
  { workspace, directory }: WorkspaceWords,
): GitWorkspaceChoice | 'none' {
  if (workspace === 'none') {
    if (directory === undefined) return 'none';
    throw new CliError('cli/usage', '--directory needs a workspace: leave --workspace=none away.');
  }
  const kind = gitWorkspaceKinds.find((known) => known === workspace);
  if (kind === undefined && workspace !== undefined) {
    throw new CliError(
      'cli/usage',
      `A session of a git repository has a clone or a worktree as its workspace, and no ${workspace}. Say --workspace=clone, worktree or none.`,
    );
  }
  return { kind, ...(directory !== undefined && { directory: resolve(from, directory) }) };
}

/** The same of a session of the store, where it was said. Throws `cli/usage`. */
export function storeWorkspace(kind: string | undefined): WorkspaceKind | undefined {
  const known = workspaceKinds.find((word) => word === kind);
  if (known !== undefined || kind === undefined) return known;
  throw new CliError(
    'cli/usage',
    `A ${kind} is a workspace of a git repository. Sessions of a project have ${workspaceKinds.join(' or ')}.`,
  );
}
