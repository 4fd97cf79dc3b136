import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import type { TreePath } from '../../tree/path.ts';
import { readRecord as readProvisioned, recordPlace } from '../provision/record.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { type GitWorkspace, privateDirectory } from './workspace-record.ts';

/**
 * A commit upon `head` of the files as they are now, untracked ones included; ignored and provisioned ones not. Undefined
 * where they are those of `head`. Nothing refers to it. Throws `workspace/cannot-keep` for a repository inside of the
 * workspace.
 */
export async function snapshotFiles(
  { repository, directory, record }: GitWorkspace,
  head: ObjectId,
): Promise<ObjectId | undefined> {
  const { git } = repository;
  const scratch = privateDirectory(repository.gitDirectory);
  mkdirSync(scratch, { recursive: true });
  const indexFile = join(scratch, `index-${process.pid}`);
  const index = join(repository.gitDirectory, 'index');
  // Begun with the real index, git need not read the files that it knows to be unchanged.
  if (existsSync(index)) copyFileSync(index, indexFile);
  const run = (command: readonly string[], input?: string | Buffer) =>
    git.run([`--git-dir=${repository.gitDirectory}`, `--work-tree=${directory}`, ...command], {
      indexFile,
      ...(input !== undefined && { input }),
    });
  try {
    const provisioned = provisionedPaths(directory);
    await run(
      ['-c', 'advice.addEmbeddedRepo=false', 'add', '--all', '--pathspec-from-file=-', '--pathspec-file-nul'],
      allBut(provisioned),
    );
    await leaveOutStaged(run, head, provisioned);
    const tree = (await run(['write-tree'])).toString('latin1').trim();
    const before = (await run(['rev-parse', `${head}^{tree}`])).toString('latin1').trim();
    if (tree === before) return undefined;
    await requireNoRepositories({ repository, directory, record }, before, tree);
    const message = `[${record.slug}] keep: what was not committed`;
    const commit = await run(['commit-tree', '-p', head, tree], message);
    return parseObjectId(commit.toString('latin1').trim());
  } finally {
    rmSync(indexFile, { force: true });
    rmSync(`${indexFile}.lock`, { force: true });
  }
}

/** What was put into a workspace from outside, and is never to come into git: there may be secrets in it. */
export function provisionedPaths(directory: string): ReadonlySet<TreePath> {
  const record = readProvisioned(recordPlace(directory));
  return new Set([...(record?.files ?? []), ...(record?.pending ?? [])].map(({ path }) => path));
}

/** All files of a workspace but `paths`, for git's `--pathspec-from-file=- --pathspec-file-nul`. */
export function allBut(paths: ReadonlySet<TreePath>): Buffer {
  // With its first character escaped it is a pattern: git refuses ignored paths that are named, even to be left out.
  const excluded = Array.from(
    paths,
    (path) => `:(top,exclude,glob)${path.replace(/^.|[*?[\\]/gs, '\\$&')}\0`,
  );
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

/**
 * git records of a repository inside of another one only which commit it is at. The commits of submodules are kept
 * elsewhere (`keepSubmodules`).
 */
async function requireNoRepositories(
  { repository, directory }: GitWorkspace,
  before: string,
  tree: string,
): Promise<void> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', before, tree];
  const text = (await repository.git.run(gitArguments(repository, args))).toString('utf8');
  const fields = text.split('\0');
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [, mode] = fields[i]!.split(' ');
    if (mode !== '160000' || isSubmodule(repository, join(directory, fields[i + 1]!))) continue;
    throw new WorkspaceError(
      'workspace/cannot-keep',
      `"${fields[i + 1]}" is a repository of its own inside of the workspace, whose content cannot be kept here. Move it away, or commit it as a submodule; then do it again.`,
    );
  }
}

/** Whether the git directory of `path` lies with those of the submodules. */
function isSubmodule({ gitDirectory }: Repository, path: string): boolean {
  const link = join(path, '.git');
  if (!existsSync(link) || !statSync(link).isFile()) return false;
  const [, target] = /^gitdir: (.*)\n$/.exec(readFileSync(link, 'utf8')) ?? [];
  const modules = join(gitDirectory, 'modules');
  if (target === undefined || !existsSync(modules)) return false;
  return resolve(realpathSync(path), target).startsWith(`${realpathSync(modules)}/`);
}
