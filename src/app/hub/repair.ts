import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Git } from '../../git/git-process.ts';
import { gitArguments, openRepository, type Repository } from '../../git/repository.ts';
import { type FoundRepository, lostRepositoryAround } from '../../git/repository-around.ts';
import { type Hub, openHub } from '../../ledger/git/hub.ts';
import { moveHub } from '../../workspace/git/move-hub.ts';
import { findGitWorkspace, type GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { relinkProvisioned } from '../../workspace/provision/relink.ts';
import { HeldSessions } from './held-sessions.ts';
import { HubError } from './hub-error.ts';

/** What a repair has looked at. */
export interface Repaired {
  /** The hub's git directory. */
  readonly hub: string;
  readonly workspaces: readonly {
    readonly slug: string;
    readonly directory: string;
    readonly was: 'right' | 'repaired';
  }[];
}

/**
 * Makes workspaces and their hub find each other again after either was moved or renamed: the one around `directory`, or
 * all that the hub around it has. `hub` says where the hub is, where that is not above the workspace. Throws
 * `session/no-workspace`, `ledger/no-hub`, and `session/other-repository` for another repository than the workspace's own hub.
 */
export async function repairWorkspaces(git: Git, directory: string, hub?: string): Promise<Repaired> {
  const lost = lostRepositoryAround(directory);
  if (lost !== undefined) return repairLost(git, directory, lost, hub);
  const here = await findGitWorkspace(git, directory);
  if (here === undefined) return repairAll(git, await openHub(git, resolve(directory, hub ?? '.')));
  const found = hub ?? (await hubAbove(git, here.directory));
  if (found === undefined) {
    throw unknownPlace(here.record.slug, here.record.hub);
  }
  const opened = await openHub(git, resolve(directory, found));
  await requireSameHub(here, opened.repository);
  return { hub: opened.repository.gitDirectory, workspaces: [await repairOne(here, opened)] };
}

/** Repairs a worktree whose repository is not where it was: git cannot use it, but the repository knows of it. */
async function repairLost(
  git: Git,
  directory: string,
  { top, gitDirectory }: FoundRepository,
  hub: string | undefined,
): Promise<Repaired> {
  const found = hub ?? (await hubAbove(git, top));
  if (found === undefined) throw unknownPlace(top, gitDirectory);
  const opened = await openHub(git, resolve(directory, found));
  const repaired = await repairAll(git, opened, [top]);
  if (repaired.workspaces.some((workspace) => workspace.directory === top)) return repaired;
  throw otherRepository(opened.repository.gitDirectory, 'has no worktree', top);
}

function unknownPlace(whose: string, was: string): HubError {
  return new HubError(
    'session/no-workspace',
    `It is not known where the repository of ${whose} is now; it was ${was}. Say it: mic session repair --hub PATH`,
  );
}

async function repairAll(git: Git, opened: Hub, others: readonly string[] = []): Promise<Repaired> {
  const { repository: hub, mainDirectory } = opened;
  // Worktrees and the repository name each other by absolute paths; git mends both where either was moved.
  const usual = ['.sessions', '.worktrees'].flatMap((name) => directoriesIn(join(mainDirectory, name)));
  const places = [...usual, ...others];
  await git.attempt(gitArguments(hub, ['worktree', 'repair', ...places.filter(isWorktree)]));
  const held = new HeldSessions(hub.gitDirectory);
  const known = held.slugs().flatMap((slug) => held.get(slug)?.directory ?? []);
  const workspaces: Repaired['workspaces'][number][] = [];
  for (const place of new Set([...places, ...known])) {
    if (!existsSync(place)) continue;
    const workspace = await findGitWorkspace(git, place);
    if (workspace === undefined || workspace.directory !== place) continue;
    if (!(await isSameHub(workspace, hub))) continue;
    workspaces.push(await repairOne(workspace, opened));
  }
  return { hub: hub.gitDirectory, workspaces };
}

async function repairOne(
  workspace: GitWorkspace,
  { repository: hub, mainDirectory }: Hub,
): Promise<Repaired['workspaces'][number]> {
  const { directory, record } = workspace;
  const { slug } = record;
  const held = new HeldSessions(hub.gitDirectory);
  const holding = held.get(slug);
  const isElsewhere = holding !== undefined && holding.directory !== directory;
  const moved = await moveHub(workspace, hub);
  const links = relinkProvisioned(mainDirectory, directory);
  if (isElsewhere) held.set({ token: holding.token, directory });
  return {
    slug,
    directory,
    was: isElsewhere || moved === 'moved' || links === 'relinked' ? 'repaired' : 'right',
  };
}

/** The repository that a workspace's directory lies in, which is its hub where nobody chose another place. */
async function hubAbove(git: Git, directory: string): Promise<string | undefined> {
  try {
    return (await openRepository(git, dirname(directory))).gitDirectory;
  } catch {
    // None there: the user has to say it.
    return undefined;
  }
}

async function requireSameHub(workspace: GitWorkspace, hub: Repository): Promise<void> {
  if (await isSameHub(workspace, hub)) return;
  throw otherRepository(hub.gitDirectory, 'does not have the commit that began', workspace.record.slug);
}

function otherRepository(hub: string, lacks: string, whose: string): HubError {
  return new HubError(
    'session/other-repository',
    `${hub} ${lacks} ${whose}, so it is another repository. Give the path of the right one: mic session repair --hub PATH`,
  );
}

/** The hub has what the session began with. */
async function isSameHub({ record }: GitWorkspace, hub: Repository): Promise<boolean> {
  const { exitCode } = await hub.git.attempt(
    gitArguments(hub, ['cat-file', '-e', `${record.base}^{commit}`]),
  );
  return exitCode === 0;
}

function directoriesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => join(path, name));
}

/** A worktree has a file that names its git directory. */
function isWorktree(directory: string): boolean {
  return existsSync(join(directory, '.git')) && !existsSync(join(directory, '.git', 'HEAD'));
}
