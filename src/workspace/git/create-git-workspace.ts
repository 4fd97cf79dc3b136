import { existsSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { commonDirectory } from '../../git/checkouts.ts';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { parseRefName, readRef, updateRef } from '../../git/refs.ts';
import { gitArguments, openRepository, type Repository, resolveCommit } from '../../git/repository.ts';
import type { Slug } from '../../session/plan/slug.ts';
import { WorkspaceError, workspaceErrorFrom } from '../workspace-error.ts';
import { isFree } from './free-place.ts';
import { besidePlace, noteMaking, removeWorktree, sweepBeside, undoHalfMade } from './half-done.ts';
import { type HookRules, installHooks } from './hooks.ts';
import { noteKind } from './kept-kind.ts';
import { withPlaceLock } from './place-lock.ts';
import { placeText, sessionEnvironmentName, sessionEnvironmentText } from './session-environment.ts';
import { type Materialised, materialise, type SubmoduleChoice } from './submodules.ts';
import { type GitWorkspace, recordVersion, type WorkspaceRecord, writeRecord } from './workspace-record.ts';

/** The remote that a clone has: the hub. */
export const upstreamRemote = 'upstream';

export interface GitWorkspaceRequest {
  readonly kind: WorkspaceRecord['kind'];
  /** The hub on this machine. */
  readonly hub: Repository;
  /** Where the workspace is to be, absolute: nothing, or an empty directory. */
  readonly directory: string;
  readonly slug: Slug;
  /** Without `refs/heads/`. */
  readonly branch: string;
  readonly main: string;
  readonly agent: { readonly name: string; readonly email: string };
  /** What `.session-env` says of who works, and on what; left out, what `sessionEnvironmentText` does. */
  readonly environment?: string;
  readonly rules: Omit<HookRules, 'slug'>;
  readonly submodules: SubmoduleChoice;
  /** What is to be done in the workspace before it counts as made. A clone is not at its place then. */
  readonly fill?: (workspace: GitWorkspace) => Promise<unknown>;
}

export interface CreatedGitWorkspace extends GitWorkspace {
  readonly materialised: Materialised;
}

/**
 * Makes a workspace on the hub's main: all of it, or nothing. A clone is made beside its place and moved there once it is
 * whole; a worktree, which cannot be moved with its submodules, counts once it has its record. Throws `workspace/not-empty`, `workspace/submodule` and what git throws.
 */
export function createGitWorkspace(request: GitWorkspaceRequest): Promise<CreatedGitWorkspace> {
  return withPlaceLock(request.hub, request.slug, async () => {
    await prepare(request);
    const created = await (request.kind === 'clone' ? createClone(request) : createWorktree(request));
    noteKind(request.hub, created.record);
    return created;
  });
}

async function prepare({ hub, slug, branch, directory, kind }: GitWorkspaceRequest): Promise<void> {
  if (kind === 'worktree') await undoHalfMade(hub, slug, branch);
  requireFree(directory);
  await mkdir(dirname(directory), { recursive: true }).catch((error: unknown) => {
    throw workspaceErrorFrom(error, `make a directory for "${directory}"`);
  });
  sweepBeside(directory);
}

/**
 * A shallow clone. `git clone --depth 1 /path` is not shallow, git says; from a `file://` URL it is, and it shares nothing
 * with the hub: no hard links, no alternates.
 */
async function createClone(request: GitWorkspaceRequest): Promise<CreatedGitWorkspace> {
  const { hub, directory, branch, main } = request;
  const made = besidePlace(directory, 'making');
  const { git } = hub;
  try {
    await git.run([
      ...['clone', '--quiet', '--depth=1', '--single-branch', '--no-tags', `--branch=${main}`],
      ...[`--origin=${upstreamRemote}`, '--config', 'push.default=current'],
      // Of a shallow clone git knows only what the refs of the hub are at: where they have moved on, a push would send every
      // file, and the hub keep them once more.
      ...['--config', 'push.negotiate=true'],
      ...['--config', `micelio.hub=${hub.gitDirectory}`, '--config', 'advice.detachedHead=false'],
      ...['--config', `user.name=${request.agent.name}`, '--config', `user.email=${request.agent.email}`],
      ...['--', fileUrl(hub.gitDirectory), made],
    ]);
    const repository = cloneAt(hub, made);
    // The branch begins where main is, so no file changes: HEAD is all there is to move.
    const [base] = await Promise.all([
      resolveCommit(repository, 'HEAD'),
      git.run(gitArguments(repository, ['update-ref', `refs/heads/${branch}`, 'HEAD'])),
    ]);
    await git.run(gitArguments(repository, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]));
    const materialised = await materialise(repository, made, hub, request.submodules);
    const record = await furnish(request, { repository, directory: made, base });
    requireFree(directory);
    move(made, directory);
    return { directory, repository: cloneAt(hub, directory), record, materialised };
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    throw error;
  }
}

/** A clone of the hub, opened without asking git: it was just made. */
function cloneAt({ git, objectFormat }: Repository, directory: string): Repository {
  return { git, gitDirectory: join(realpathSync(directory), '.git'), objectFormat };
}

/** A linked worktree of the hub. */
async function createWorktree(request: GitWorkspaceRequest): Promise<CreatedGitWorkspace> {
  const { hub, directory, branch, main } = request;
  const { git } = hub;
  await allowOwnSettings(hub);
  const branchRef = parseRefName(branch);
  const start = await resolveCommit(hub, `refs/heads/${main}`);
  // Made here and not by "git worktree add", which leaves it behind where it fails.
  const made = (await readRef(hub, branchRef)) === 'absent';
  if (made) await updateRef(hub, { ref: branchRef, expected: 'absent', id: start, reason: 'mic: session' });
  const settle = noteMaking(hub, request.slug, directory);
  try {
    await git.run(gitArguments(hub, ['worktree', 'add', '--quiet', directory, branch]));
    const repository = await openRepository(git, directory);
    const base = made ? start : await baseOfBranch(repository, directory, start);
    await setIdentity(repository, request.agent, '--worktree');
    const materialised = await materialise(repository, directory, hub, request.submodules);
    const record = await furnish(request, { repository, directory, base });
    settle();
    return { directory, repository, record, materialised };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    settle();
    await removeWorktree(hub, directory);
    if (made) await git.attempt(gitArguments(hub, ['update-ref', '-d', branchRef, start]));
    throw error;
  }
}

/** The commit of main that a branch began at, which was there already; one without commits of its own goes on to `main`. */
async function baseOfBranch(repository: Repository, directory: string, main: ObjectId): Promise<ObjectId> {
  const [head, merged] = await Promise.all([
    resolveCommit(repository, 'HEAD'),
    repository.git.run(gitArguments(repository, ['merge-base', 'HEAD', main])),
  ]);
  const base = parseObjectId(merged.toString('latin1').trim());
  if (base !== head || head === main) return base;
  await repository.git.run(['-C', directory, 'reset', '--quiet', '--hard', main]);
  return main;
}

/** What every workspace gets besides its files. It stands at `made.directory` meanwhile, and will be at `request.directory`. */
async function furnish(
  request: GitWorkspaceRequest,
  made: { readonly repository: Repository; readonly directory: string; readonly base: ObjectId },
): Promise<WorkspaceRecord> {
  const { kind, slug, branch, main, directory, agent } = request;
  const { repository, base } = made;
  const hub = request.hub.gitDirectory;
  await exclude(repository, `/${sessionEnvironmentName}`);
  const environment = request.environment ?? sessionEnvironmentText({ slug, branch, agent });
  await writeEnvironment(made.directory, `${environment}${placeText({ directory, upstream: hub })}`);
  await installHooks(repository, request.hub, kind, { slug, ...request.rules });
  const record: WorkspaceRecord = { version: recordVersion, kind, slug, hub, branch, main, base };
  await request.fill?.({ repository, directory: made.directory, record });
  // Last: what has a record is whole.
  writeRecord(repository.gitDirectory, record);
  return record;
}

/** Makes a workspace that is there already the place of `agent`, or tells it where it and its hub are now. */
export async function handOver(
  { repository, directory, record }: GitWorkspace,
  { agent, environment }: { readonly agent: GitWorkspaceRequest['agent']; readonly environment: string },
): Promise<void> {
  const { hub, kind } = record;
  await setIdentity(repository, agent, kind === 'clone' ? '--local' : '--worktree');
  await writeEnvironment(directory, `${environment}${placeText({ directory, upstream: hub })}`);
}

async function writeEnvironment(directory: string, text: string): Promise<void> {
  const path = join(directory, sessionEnvironmentName);
  await writeFile(path, text).catch((error: unknown) => {
    throw workspaceErrorFrom(error, `write "${path}"`);
  });
}

/** Commits are the agent's, also where nobody has sourced `.session-env`. */
async function setIdentity(
  repository: Repository,
  agent: GitWorkspaceRequest['agent'],
  scope: '--local' | '--worktree',
): Promise<void> {
  for (const [name, value] of [
    ['user.name', agent.name],
    ['user.email', agent.email],
  ] as const)
    await repository.git.run(gitArguments(repository, ['config', scope, name, value]));
}

/**
 * Lets worktrees have settings of their own. What says that the hub is bare must then be its own too, or it would hold for
 * the worktrees as well (`git help worktree`, "CONFIGURATION FILE").
 */
async function allowOwnSettings(hub: Repository): Promise<void> {
  const shared = join(hub.gitDirectory, 'config');
  const isTrue = async (name: string) => {
    const args = ['config', '--file', shared, '--type=bool', '--get', name];
    return (await hub.git.attempt(args)).stdout.toString('latin1').trim() === 'true';
  };
  const isAllowed = await isTrue('extensions.worktreeConfig');
  const isBare = await isTrue('core.bare');
  if (isBare) await setInFile(hub, `${shared}.worktree`, ['core.bare', 'true']);
  if (!isAllowed) await setInFile(hub, shared, ['extensions.worktreeConfig', 'true']);
  if (isBare) await setInFile(hub, shared, ['--unset-all', 'core.bare']);
}

/** `git config` on a file. Many may want the same at the same moment, and git locks it without waiting. */
async function setInFile(hub: Repository, path: string, command: readonly string[]): Promise<void> {
  /** There was nothing to unset: somebody else did it. */
  const nothingToUnset = 5;
  for (let attempt = 0; attempt < 200; attempt++) {
    const { exitCode, stderr } = await hub.git.attempt(['config', '--file', path, ...command]);
    if (exitCode === 0 || exitCode === nothingToUnset) return;
    if (!/lock/.test(stderr)) break;
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.floor(attempt / 2)));
  }
  throw new WorkspaceError(
    'workspace/busy',
    `"${path}" is locked by another git, or cannot be written. If no git is running there, remove "${path}.lock"; then do it again.`,
  );
}

/** Keeps a path out of what git sees as untracked, for all worktrees of the repository. */
async function exclude(repository: Repository, pattern: string): Promise<void> {
  const path = join(await commonDirectory(repository), 'info', 'exclude');
  try {
    await mkdir(dirname(path), { recursive: true });
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (before.split('\n').includes(pattern)) return;
    // Appended with one write: others may do the same at this moment, and a line twice does no harm.
    await appendFile(path, `${before === '' || before.endsWith('\n') ? '' : '\n'}${pattern}\n`);
  } catch (error) {
    throw workspaceErrorFrom(error, `write "${path}"`);
  }
}

/** git decodes the URLs it is given, `file://` included. */
export function fileUrl(path: string): string {
  return `file://${path.replaceAll('%', '%25')}`;
}

function requireFree(directory: string): void {
  if (isFree(directory)) return;
  throw new WorkspaceError(
    'workspace/not-empty',
    `"${directory}" has something in it. Give another directory, or move that away.`,
  );
}

/** An empty directory gives way. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw workspaceErrorFrom(error, `put the workspace at "${to}"`);
  }
}
