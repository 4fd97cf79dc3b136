import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { isAbsent } from '../../base/system-error.ts';
import type { Git } from '../../git/git-process.ts';
import { parseObjectId } from '../../git/object-id.ts';
import { openWorkingTree, type Repository } from '../../git/repository.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { replaceFile } from '../replace-file.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';

export const recordVersion = 1;

/** What a clone or a worktree knows of its session, in its own git directory (docs/formats/git-workspaces.md). */
const recordSchema = v.object({
  version: v.literal(recordVersion),
  kind: v.picklist(['clone', 'worktree']),
  slug: v.custom<Slug>((value) => typeof value === 'string' && isSlug(value)),
  /** The hub: an absolute path, or a URL. */
  hub: v.string(),
  /** The branch of the session, and the branch of the hub that it lands on; without `refs/heads/`. */
  branch: v.string(),
  main: v.string(),
  /** The commit of the hub's main that the session started from. */
  base: v.pipe(v.string(), v.transform(parseObjectId)),
});
export type WorkspaceRecord = v.InferOutput<typeof recordSchema>;

/** A clone or a worktree in which a session of the git ledger is worked on. */
export interface GitWorkspace {
  /** The top of the working tree, absolute. */
  readonly directory: string;
  readonly repository: Repository;
  readonly record: WorkspaceRecord;
}

/** Where Micelio keeps what belongs to one workspace: a linked worktree has a git directory of its own. */
export function privateDirectory(gitDirectory: string): string {
  return join(gitDirectory, 'micelio');
}

/** Writes the record, whole or not at all. */
export function writeRecord(gitDirectory: string, record: WorkspaceRecord): void {
  replaceFile(join(privateDirectory(gitDirectory), 'session.json'), `${JSON.stringify(record)}\n`);
}

/** Whether a workspace has got all that is provisioned. */
export function isFurnished({ repository }: GitWorkspace): boolean {
  return existsSync(furnishedNote(repository));
}

/** Notes that it has. */
export function noteFurnished({ repository }: GitWorkspace): void {
  replaceFile(furnishedNote(repository), '');
}

function furnishedNote({ gitDirectory }: Repository): string {
  return join(privateDirectory(gitDirectory), 'furnished');
}

/**
 * The workspace that `directory` lies in; undefined where it is in no repository, or in one that is no workspace.
 * Throws `workspace/format-unknown` for one of a newer version.
 */
export async function findGitWorkspace(git: Git, directory: string): Promise<GitWorkspace | undefined> {
  const found = await openWorkingTree(git, directory);
  if (found === undefined) return undefined;
  const { repository, top } = found;
  const record = readRecord(repository.gitDirectory);
  return record && { directory: top, repository, record };
}

function readRecord(gitDirectory: string): WorkspaceRecord | undefined {
  const path = join(privateDirectory(gitDirectory), 'session.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw workspaceErrorFrom(error, `read "${path}"`);
  }
  try {
    return v.parse(recordSchema, JSON.parse(text));
  } catch (cause) {
    throw new WorkspaceError(
      'workspace/format-unknown',
      `"${path}" is not understood. Use the release that made the workspace, or a newer one; or run "mic session repair".`,
      { cause },
    );
  }
}
