import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { type RefName, readRefs } from '../../git/refs.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { type Drift, driftOf } from '../../session/plan/drift.ts';
import { activePlanName, planName, subsessionsName } from '../../session/plan/record-files.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import { upstreamRemote } from '../../workspace/git/create-git-workspace.ts';
import { snapshotFiles } from '../../workspace/git/snapshot-files.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import type { HubSessions } from './hub-sessions.ts';
import {
  frozenPlanPath,
  overrideOf,
  overridesUpTo,
  ownPlanChanges,
  type PlanOverride,
} from './plan-overrides.ts';
import { changedPaths, keptCommit, mergeBase, patchBetween } from './session-changes.ts';

/** What a session has changed since it was last brought up to main. */
export interface SessionWork {
  /** Paths in order, those of the sessions' own folders left out. */
  readonly touched: readonly string[];
  /** Of these, or of the session's own files, how many are not committed; undefined where it has no workspace here. */
  readonly uncommitted: number | undefined;
  /** How many commits of main it does not have; undefined where it has nothing yet. */
  readonly behind: number | undefined;
}

/** Looks at a session's workspace; where it has none here, at what is kept of it. Nothing is written. */
export async function workOfSession(
  sessions: HubSessions,
  slug: Slug,
  workspace: GitWorkspace | undefined,
): Promise<SessionWork> {
  const { hub } = sessions;
  const main = await sessions.main();
  const isOwn = (path: string) => !path.startsWith(`${sessions.ledger.hub.layout.sessions}/`);
  if (workspace === undefined) {
    const head = await keptCommit(hub, slug);
    if (head === undefined) return { touched: [], uncommitted: undefined, behind: undefined };
    const base = await mergeBase(hub, main, head);
    const paths = (await changedPaths(hub, base, head)).map(({ path }) => path);
    return {
      touched: paths.filter(isOwn),
      uncommitted: undefined,
      behind: await countBetween(sessions, base, main),
    };
  }
  const { git } = workspace.repository;
  const look = ['status', '--porcelain', '--untracked-files=all', '--no-renames', '-z'];
  // One look at the files is all: what the commits changed is in their trees.
  const [uncommitted, base] = await Promise.all([
    git.run(['-C', workspace.directory, ...look]).then(pathsIn),
    baseOf(workspace),
  ]);
  // Behind the look, so that what is committed during it is in one or the other.
  const committed = await changedPaths(workspace.repository, base, await sessions.headOf(workspace));
  const touched = [...committed.map(({ path }) => path), ...uncommitted.map((line) => line.slice(3))];
  return {
    touched: [...new Set(touched)].filter(isOwn).sort(),
    uncommitted: uncommitted.length,
    behind: await countBetween(sessions, base, main),
  };
}

/** What a session has changed, as a patch that "git apply" takes: files that are not committed included. */
export async function patchOfSession(sessions: HubSessions, slug: Slug): Promise<Buffer> {
  const workspace = await sessions.workspaceOf(slug);
  if (workspace === undefined) {
    const head = await keptCommit(sessions.hub, slug);
    if (head === undefined) return Buffer.alloc(0);
    return patchBetween(sessions.hub, await mergeBase(sessions.hub, await sessions.main(), head), head);
  }
  const head = await sessions.headOf(workspace);
  const files = (await snapshotFiles(workspace, head)) ?? head;
  return patchBetween(workspace.repository, await baseOf(workspace), files);
}

/** How far a session has come, where it has left its plan, and where its plan was changed. */
export interface SessionDrift extends Drift {
  /** On main and in the session's commits, the oldest first. */
  readonly overrides: readonly PlanOverride[];
}

/** Compares a session with its plan as it was claimed. */
export async function driftOfSession(sessions: HubSessions, slug: Slug): Promise<SessionDrift> {
  const [plan, activePlan, subsessions] = await Promise.all(
    [planName, activePlanName, subsessionsName].map((name) => sessions.text(slug, name)),
  );
  const workspace = await sessions.workspaceOf(slug);
  const { touched } = await workOfSession(sessions, slug, workspace);
  const overrides = await overridesOf(sessions, slug, workspace);
  const claimed = overrides[0]?.before.text ?? plan!;
  return {
    ...driftOf({ plan: claimed, activePlan: activePlan!, subsessions: subsessions!, touched }),
    overrides,
  };
}

async function overridesOf(
  sessions: HubSessions,
  slug: Slug,
  workspace: GitWorkspace | undefined,
): Promise<readonly PlanOverride[]> {
  const { hub, ledger } = sessions;
  const path = frozenPlanPath(ledger.hub.layout, slug);
  const main = await sessions.main();
  const onMain = await overridesUpTo(hub, { commit: main, slug, path });
  const head = workspace === undefined ? await keptCommit(hub, slug) : await sessions.headOf(workspace);
  if (head === undefined) return onMain;
  const range =
    workspace === undefined
      ? { repository: hub, main }
      : { repository: workspace.repository, main: await baseOf(workspace) };
  const changes = await ownPlanChanges(range.repository, { main: range.main, head, path });
  const own = changes.map((change) => overrideOf(slug, change)).filter((override) => override !== undefined);
  // Those that have landed are on main, together.
  const landed = own.findIndex(({ after }) => onMain.some((other) => other.after.hash === after.hash));
  return [...onMain, ...(landed < 0 ? own : own.slice(0, landed)).reverse()];
}

/** The commit of main that a workspace has all of, as far as it knows. */
async function baseOf({ repository, record }: GitWorkspace): Promise<ObjectId> {
  const main =
    record.kind === 'worktree'
      ? `refs/heads/${record.main}`
      : `refs/remotes/${upstreamRemote}/${record.main}`;
  const found = await repository.git.attempt(gitArguments(repository, ['merge-base', 'HEAD', main]));
  return found.exitCode === 0 ? parseObjectId(found.stdout.toString('latin1').trim()) : record.base;
}

/** How many commits of main change more than the folders of sessions. */
async function countBetween({ hub, ledger }: HubSessions, from: ObjectId, to: ObjectId): Promise<number> {
  if (from === to) return 0;
  const others = ['--', `:(exclude)${ledger.hub.layout.sessions}`];
  const args = gitArguments(hub, ['rev-list', '--count', `${from}..${to}`, ...others]);
  return Number((await hub.git.run(args)).toString('latin1'));
}

function pathsIn(output: Buffer): string[] {
  return output
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '');
}

/** Refs of the work that is kept of sessions, by session. */
export async function keptWork(hub: Repository): Promise<ReadonlyMap<Slug, readonly RefName[]>> {
  const kept = new Map<Slug, RefName[]>();
  for (const ref of (await readRefs(hub, ['refs/sessions/'])).keys()) {
    const slug = ref.split('/')[2] ?? '';
    if (isSlug(slug)) kept.set(slug, [...(kept.get(slug) ?? []), ref]);
  }
  return kept;
}
