import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import type { TreePath } from '../../tree/path.ts';
import { readRecord as readProvisioned, recordPlace } from '../provision/record.ts';
import { workspaceErrorFrom } from '../workspace-error.ts';
import { innerRepositories } from './inner-repositories.ts';
import { findPassedOver } from './passed-over.ts';
import { type GitWorkspace, privateDirectory } from './workspace-record.ts';

/**
 * A commit upon `head` of the files as they are now, untracked ones included; ignored and provisioned ones not. Undefined
 * where they are those of `head`. Nothing refers to it. What is inside of repositories of their own is not in it either.
 */
export async function snapshotFiles(
  { repository, directory, record }: GitWorkspace,
  head: ObjectId,
): Promise<ObjectId | undefined> {
  const { git } = repository;
  const scratch = privateDirectory(repository.gitDirectory);
  const indexFile = join(scratch, `index-${process.pid}`);
  const index = join(repository.gitDirectory, 'index');
  const run = (command: readonly string[], input?: string | Buffer) =>
    git.run([`--git-dir=${repository.gitDirectory}`, `--work-tree=${directory}`, ...command], {
      indexFile,
      ...(input !== undefined && { input }),
    });
  try {
    mkdirSync(scratch, { recursive: true });
    // Begun with the real index, git need not read the files that it knows to be unchanged.
    if (existsSync(index)) copyFileSync(index, indexFile);
    const provisioned = provisionedPaths(directory);
    const files = await ownFiles({ repository, directory });
    await run(['add', '--all', '--pathspec-from-file=-', '--pathspec-file-nul'], files);
    await leaveOutStaged(run, head, provisioned);
    const tree = (await run(['write-tree'])).toString('latin1').trim();
    const before = (await run(['rev-parse', `${head}^{tree}`])).toString('latin1').trim();
    if (tree === before) return undefined;
    const message = `[${record.slug}] keep: what was not committed`;
    const commit = await run(['commit-tree', '-p', head, tree], message);
    return parseObjectId(commit.toString('latin1').trim());
  } catch (error) {
    throw workspaceErrorFrom(error, `record what "${directory}" holds`);
  } finally {
    rmSync(indexFile, { force: true });
    rmSync(`${indexFile}.lock`, { force: true });
  }
}

/** What was put into a workspace from outside, and is never to come into git: there may be secrets in it. */
function provisionedPaths(directory: string): ReadonlySet<TreePath> {
  const record = readProvisioned(recordPlace(directory));
  return new Set([...(record?.files ?? []), ...(record?.pending ?? [])].map(({ path }) => path));
}

/**
 * The files of a workspace that git is to keep, for its `--pathspec-from-file=- --pathspec-file-nul`: all but what was
 * provisioned, and repositories of their own, of which it would take no file, and fail where they have no commit.
 */
export async function ownFiles(workspace: Pick<GitWorkspace, 'repository' | 'directory'>): Promise<Buffer> {
  const { repositories } = findPassedOver(workspace.directory);
  const { whole } = await innerRepositories(workspace, repositories);
  // git calls such a directory by a slash at its end.
  const others = [...provisionedPaths(workspace.directory), ...whole.map((path) => `${path}/`)];
  // With its first character escaped it is a pattern: git refuses ignored paths that are named, even to be left out.
  const excluded = others.map((path) => `:(top,exclude,glob)${path.replace(/^.|[*?[\\]/gs, '\\$&')}\0`);
  return Buffer.from(`:(top)\0${excluded.join('')}`, 'latin1');
}

/** Takes out of the index what was provisioned and somebody has staged. */
async function leaveOutStaged(
  run: (command: readonly string[], input?: Buffer) => Promise<Buffer>,
  head: ObjectId,
  provisioned: ReadonlySet<TreePath>,
): Promise<void> {
  if (provisioned.size === 0) return;
  const added = await run([
    'diff-index',
    '--cached',
    '--name-only',
    '--no-renames',
    '--diff-filter=A',
    '-z',
    head,
  ]);
  const staged = added
    .toString('latin1')
    .split('\0')
    .filter((path) => provisioned.has(path as TreePath));
  if (staged.length === 0) return;
  const input = Buffer.from(staged.map((path) => `${path}\0`).join(''), 'latin1');
  await run(['update-index', '--force-remove', '-z', '--stdin'], input);
}
