import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { type GitWorkspace, privateDirectory } from './workspace-record.ts';

/**
 * A commit upon `head` of the files as they are now, untracked ones included and ignored ones not; undefined where they
 * are those of `head`. Nothing refers to it. Throws `workspace/cannot-keep` for a repository inside of the workspace.
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
  const run = (command: readonly string[], input?: string) =>
    git.run([`--git-dir=${repository.gitDirectory}`, `--work-tree=${directory}`, ...command], {
      indexFile,
      ...(input !== undefined && { input }),
    });
  try {
    await run(['-c', 'advice.addEmbeddedRepo=false', 'add', '--all', '--', directory]);
    const tree = (await run(['write-tree'])).toString('latin1').trim();
    const before = (await run(['rev-parse', `${head}^{tree}`])).toString('latin1').trim();
    if (tree === before) return undefined;
    await requireNoRepositories(repository, before, tree);
    const message = `[${record.slug}] keep: what was not committed`;
    const commit = await run(['commit-tree', '-p', head, tree], message);
    return parseObjectId(commit.toString('latin1').trim());
  } finally {
    rmSync(indexFile, { force: true });
    rmSync(`${indexFile}.lock`, { force: true });
  }
}

/** git records of a repository inside of another one only which commit it is at. */
async function requireNoRepositories(repository: Repository, before: string, tree: string): Promise<void> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', before, tree];
  const text = (await repository.git.run(gitArguments(repository, args))).toString('utf8');
  const fields = text.split('\0');
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [, mode] = fields[i]!.split(' ');
    if (mode !== '160000') continue;
    throw new WorkspaceError(
      'workspace/cannot-keep',
      `"${fields[i + 1]}" is a repository of its own inside of the workspace, whose content cannot be kept here. Move it away, or commit it as a submodule; then do it again.`,
    );
  }
}
