import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { type RefName, readRef, updateRef } from '../../git/refs.ts';
import { gitArguments, type Repository, resolveCommit } from '../../git/repository.ts';
import { WorkspaceError } from '../workspace-error.ts';
import { upstreamRemote } from './create-git-workspace.ts';
import { type GitWorkspace, privateDirectory } from './workspace-record.ts';

/** Where the hub keeps what a session has made: its own commits, and what was not committed when it was kept. */
export function keptRefs(slug: string): { readonly commits: RefName; readonly uncommitted: RefName } {
  return { commits: `refs/sessions/${slug}/commits`, uncommitted: `refs/sessions/${slug}/uncommitted` };
}

export interface KeptWork {
  /** The newest commit of the session's branch. */
  readonly head: ObjectId;
  /** A commit upon it of all that was not committed, untracked files included; undefined where there was nothing. */
  readonly uncommitted: ObjectId | undefined;
}

/**
 * Keeps in the hub all that a workspace holds and git does not ignore. Afterwards the workspace may be deleted. Nothing in
 * it is changed. Throws `workspace/cannot-keep` for what git cannot take, such as a repository inside of the workspace.
 */
export async function keepWork(workspace: GitWorkspace, hub: Repository): Promise<KeptWork> {
  const { repository, record } = workspace;
  const head = await resolveCommit(repository, 'HEAD');
  const uncommitted = await commitOfFiles(workspace, head);
  const refs = keptRefs(record.slug);
  const updates: [RefName, ObjectId | undefined][] = [
    [refs.commits, head],
    [refs.uncommitted, uncommitted],
  ];
  if (record.kind === 'clone') {
    await push(repository, updates);
  } else {
    for (const [ref, id] of updates) await setRef(hub, ref, id);
  }
  return { head, uncommitted };
}

/** Brings what `keepWork` has kept back into a fresh workspace of the same session. */
export async function bringBackWork(workspace: GitWorkspace, hub: Repository): Promise<void> {
  const { repository, directory, record } = workspace;
  const { git } = repository;
  const refs = keptRefs(record.slug);
  const at = ['-C', directory];
  for (const [ref, command] of [
    [refs.commits, ['reset', '--quiet', '--hard']],
    // Into index and working tree, as a change of what is committed; then out of the index again.
    [refs.uncommitted, ['read-tree', '-m', '-u', 'HEAD']],
  ] as const) {
    if ((await readRef(hub, ref)) === 'absent') continue;
    if (record.kind === 'clone')
      await git.run([...at, 'fetch', '--quiet', '--depth=1000000', upstreamRemote, `+${ref}:${ref}`]);
    await git.run([...at, ...command, ref]);
  }
  await git.run([...at, 'reset', '--quiet']);
}

/** A commit of the files as they are now, upon `head`; undefined where they are those of `head`. */
async function commitOfFiles(
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

/** To the hub, and over whatever was kept of this session before. */
async function push(
  repository: Repository,
  updates: readonly (readonly [RefName, ObjectId | undefined])[],
): Promise<void> {
  const specs = updates.map(([ref, id]) => (id === undefined ? `:${ref}` : `+${id}:${ref}`));
  const args = ['push', '--quiet', '--no-verify', '--atomic', upstreamRemote, ...specs];
  await repository.git.run(gitArguments(repository, args));
}

async function setRef(hub: Repository, ref: RefName, id: ObjectId | undefined): Promise<void> {
  const expected = await readRef(hub, ref);
  if (id !== undefined) await updateRef(hub, { ref, expected, id, reason: 'mic: keep work' });
  else if (expected !== 'absent') await hub.git.run(gitArguments(hub, ['update-ref', '-d', ref, expected]));
}
