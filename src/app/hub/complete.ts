import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startMaintenance } from '../../git/maintenance.ts';
import type { ObjectId } from '../../git/object-id.ts';
import type { ClaimToken, HeldClaim } from '../../ledger/git/claim.ts';
import type { CodeCommit, Landed, MainMoved } from '../../ledger/git/landing-moves.ts';
import { fileEdit, type SessionFileEdit } from '../../ledger/git/session-moves.ts';
import { withAddition, withCriteria, withField } from '../../session/plan/edit-plan.ts';
import { fieldOf, parsePlan } from '../../session/plan/plan.ts';
import { activePlanName, planName, withWorklogEntry, worklogName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import { keepWork } from '../../workspace/git/keep-work.ts';
import { sessionVariables } from '../../workspace/git/session-environment.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import {
  brokenRules,
  commitType,
  criteriaIn,
  openCriteria,
  requireCriteria,
  requirePlan,
  requireRules,
  type TrackedCriteria,
} from './completion-checks.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions } from './hub-sessions.ts';
import { knowledgeSession } from './knowledge.ts';
import { protectPlans } from './protect-plan.ts';
import { provisionedMeanwhile } from './provision.ts';
import { clearAway, type LeftWorkspace } from './remove-workspace.ts';
import { fileAt, keptCommit, mergeSession, patchBetween, squash, treeOfCommit } from './session-changes.ts';
import { projectSettings } from './settings.ts';
import { verifyCommit } from './verify.ts';

export interface CompletionRequest {
  readonly slug: Slug;
  /** The message of the commit that lands, without what names the session; otherwise the plan's title. */
  readonly message: string | undefined;
  /** Why criteria that are not met are left so; undefined: they keep the session from being completed. */
  readonly unmet: string | undefined;
  /** `keep` leaves the workspace where it is. */
  readonly workspace: 'keep' | 'remove';
}

export type Completion =
  | {
      readonly outcome: 'completed';
      /** The commit on main that carries the changes; undefined where there were none. */
      readonly commit: ObjectId | undefined;
      /** The session that was planned to merge what was learned. */
      readonly knowledgeSession: Slug | undefined;
      /** What became of the workspace; undefined where there was none here, or it was to be left. */
      readonly workspace: LeftWorkspace | undefined;
    }
  | { readonly outcome: 'conflict'; readonly paths: readonly string[]; readonly messages: readonly string[] };

/** How often main may move away while a landing is prepared. */
const attemptsMax = 100;

/**
 * Completes a session: its work is kept, checked and merged with main; then its changes, its archived folder and the end
 * of its claim come to main at once. A conflict leaves main as it was, and the session `conflicted`. Throws
 * `session/uncommitted`, `session/criteria-open`, `session/rules-broken`, `session/verify-failed` and `ClaimLost`; nothing
 * is on main then.
 */
export async function completeSession(
  sessions: HubSessions,
  request: CompletionRequest,
): Promise<Completion> {
  const { slug } = request;
  const token = await sessions.requireHeld(slug);
  const claim = await sessions.requireClaim(token);
  const workspace = await sessions.workspaceOf(slug);
  const head = await committedWork(sessions, slug, workspace);
  const plan = await sessions.text(slug, planName);
  await requirePlan(sessions, claim, plan);
  const tracked = await trackedCriteria(sessions, slug, head);
  const open = openCriteria(parsePlan(plan), tracked);
  if (request.unmet === undefined) requireCriteria(slug, open);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const main = await sessions.main();
    const prepared =
      head === undefined ? noChanges : await prepare(sessions, { request, claim, plan, head, main });
    if (prepared.outcome === 'conflict') return prepared;
    const learned = await knowledgeSession(sessions, slug, prepared.code?.commit ?? main);
    const files = await finalFiles(sessions, request, { plan, tracked, open, prepared });
    const { value } = await sessions.ledger.complete({
      token,
      ...(prepared.code && { code: prepared.code }),
      files,
      elsewhere: learned?.edits ?? [],
    });
    if (value.outcome === 'main-moved') continue;
    const left =
      workspace === undefined || request.workspace === 'keep'
        ? undefined
        : await clearAway(sessions, workspace);
    sessions.held.forget(slug);
    await protectPlans(sessions, slug, 'completed');
    await startMaintenance(sessions.hub);
    return {
      outcome: 'completed',
      commit: value.code,
      knowledgeSession: learned?.slug,
      workspace: left,
    };
  }
  throw tooBusy(slug);
}

/** Puts what a session has done so far on main, and lets it go on. Throws as `completeSession` does. */
export async function landSession(
  sessions: HubSessions,
  request: Pick<CompletionRequest, 'slug' | 'message'>,
): Promise<Completion> {
  const { slug } = request;
  const token = await sessions.requireHeld(slug);
  const claim = await sessions.requireClaim(token);
  const head = await committedWork(sessions, slug, await sessions.workspaceOf(slug));
  const plan = await sessions.text(slug, planName);
  await requirePlan(sessions, claim, plan);
  for (let attempt = 0; attempt < attemptsMax && head !== undefined; attempt++) {
    const main = await sessions.main();
    const prepared = await prepare(sessions, {
      request: { ...request, unmet: undefined, workspace: 'keep' },
      ...{ claim, plan, head, main },
    });
    if (prepared.outcome === 'conflict') return prepared;
    if (prepared.code === undefined) break;
    const { value }: { value: Landed | MainMoved } = await sessions.ledger.land({
      token,
      code: prepared.code,
    });
    if (value.outcome === 'main-moved') {
      if (attempt === attemptsMax - 1) throw tooBusy(slug);
      continue;
    }
    await noteResolved(sessions, token);
    return { outcome: 'completed', commit: value.code, knowledgeSession: undefined, workspace: undefined };
  }
  await noteResolved(sessions, token);
  return { outcome: 'completed', commit: undefined, knowledgeSession: undefined, workspace: undefined };
}

interface Prepared {
  readonly outcome: 'clean';
  readonly code: CodeCommit | undefined;
  /** Files in the session's own folder that its commits changed. */
  readonly own: ReadonlyMap<TreePath, Buffer | undefined>;
  readonly patch: Buffer | undefined;
}

const noChanges: Prepared = { outcome: 'clean', code: undefined, own: new Map(), patch: undefined };

interface Work {
  readonly request: CompletionRequest;
  readonly claim: HeldClaim;
  readonly plan: string;
  readonly head: ObjectId;
  readonly main: ObjectId;
}

/** Checks the session's commits, merges them, and has the project's own check run on the result. */
async function prepare(
  sessions: HubSessions,
  { request, claim, plan, head, main }: Work,
): Promise<Prepared | (Completion & { outcome: 'conflict' })> {
  const { slug } = request;
  const { hub, layout } = { hub: sessions.hub, layout: sessions.ledger.hub.layout };
  requireRules(slug, await brokenRules(hub, layout, { slug, head, main }));
  const merged = await mergeSession(hub, layout, { slug, head, main });
  if (merged.outcome === 'conflict') {
    await sessions.ledger.conflict({ token: claim, report: conflictReport(slug, merged) });
    return merged;
  }
  if (merged.tree === (await treeOfCommit(hub, main))) return { ...noChanges, own: merged.own };
  const title = request.message ?? `${commitType(plan)}: ${parsePlan(plan).title || slug}`;
  const message = `[${slug}] ${/^[a-z]+(?:\([^)]*\))?!?: /.test(title) ? title : `${commitType(plan)}: ${title}`}`;
  const commit = await squash(hub, { slug, tree: merged.tree, main, message, agent: claim.agent });
  await verify(sessions, claim, commit);
  return {
    outcome: 'clean',
    code: { commit, onto: main },
    own: merged.own,
    patch: await patchBetween(hub, main, commit),
  };
}

async function verify(sessions: HubSessions, { slug, agent }: HeldClaim, commit: ObjectId): Promise<void> {
  const { verify: command } = await projectSettings(sessions.ledger);
  if (command === undefined) return;
  const logs = join(sessions.hub.gitDirectory, 'micelio', 'verify');
  mkdirSync(logs, { recursive: true });
  const { environment } = sessions.surroundings;
  await verifyCommit(sessions.hub, {
    command,
    commit,
    environment: { ...environment, ...sessionVariables({ slug, branch: `session/${slug}`, agent }) },
    log: join(logs, `${slug}.log`),
    furnish: (directory, work) => provisionedMeanwhile(sessions, slug, directory, work),
  });
}

/** The files that the archived session has beyond those it had: its last notes, its patch, and what its commits changed. */
async function finalFiles(
  sessions: HubSessions,
  request: CompletionRequest,
  made: { plan: string; tracked: TrackedCriteria; open: readonly string[]; prepared: Prepared },
): Promise<SessionFileEdit[]> {
  const { slug, unmet } = request;
  const { tracked, open, prepared } = made;
  const { agent, clock } = sessions.surroundings;
  // The session's own commits change the plan only where they override it.
  const plan = prepared.own.get(planName as TreePath)?.toString('utf8') ?? made.plan;
  let final = withCriteria(plan, ({ text, met }) => tracked.get(text) ?? met);
  if (fieldOf(parsePlan(plan), 'Status') !== undefined) final = withField(final, 'Status', 'completed');
  if (unmet !== undefined && open.length > 0)
    final = withAddition(final, 'Final notes', `Not met: ${open.join('; ')}. ${unmet}`);
  const entry = { atMs: clock.now(), author: agent.name, text: 'Completed.' };
  const own: SessionFileEdit[] = Array.from(prepared.own, ([path, content]) => ({
    path,
    change: () => content,
  }));
  return [
    ...own.filter(({ path }) => path !== planName && path !== worklogName),
    fileEdit(planName as FileName, final),
    {
      path: worklogName as FileName,
      change: (before) => {
        const text = (prepared.own.get(worklogName as TreePath) ?? before)?.toString('utf8') ?? '';
        return Buffer.from(withWorklogEntry(text, slug, entry));
      },
    },
    ...(prepared.patch === undefined ? [] : [fileEdit(`${slug}.patch` as FileName, prepared.patch)]),
  ];
}

/** What the session has committed, which the hub has and keeps; undefined where nothing was ever committed. */
async function committedWork(
  sessions: HubSessions,
  slug: Slug,
  workspace: GitWorkspace | undefined,
): Promise<ObjectId | undefined> {
  if (workspace === undefined) return keptCommit(sessions.hub, slug);
  await requireCommitted(workspace);
  // The refs that it is kept at may be another machine's in a moment.
  return (await keepWork(workspace, sessions.hub)).head;
}

/** The criteria as the active plan has them, on main or in the session's own commits. */
async function trackedCriteria(
  sessions: HubSessions,
  slug: Slug,
  head: ObjectId | undefined,
): Promise<TrackedCriteria> {
  const path = `${sessions.ledger.hub.layout.session('active', slug)}/${activePlanName}`;
  const own = head && (await fileAt(sessions.hub, head, path))?.toString('utf8');
  return criteriaIn([await sessions.text(slug, activePlanName), own ?? '']);
}

async function noteResolved(sessions: HubSessions, token: ClaimToken): Promise<void> {
  const { state } = await sessions.ledger.session(token.slug);
  if (state === 'conflicted') await sessions.ledger.resolve({ token });
}

async function requireCommitted({ repository, directory, record }: GitWorkspace): Promise<void> {
  const args = ['-C', directory, 'status', '--porcelain', '--untracked-files=normal'];
  const changes = (await repository.git.run(args)).toString('utf8').trimEnd();
  if (changes === '') return;
  const lines = changes.split('\n');
  const more = lines.length > 10 ? `\n  and ${lines.length - 10} more` : '';
  throw new HubError(
    'session/uncommitted',
    `The workspace of ${record.slug} has changes that are not committed:\n  ${lines.slice(0, 10).join('\n  ')}${more}\nCommit them, or add to .gitignore what does not belong there; then do it again.`,
  );
}

function conflictReport(
  slug: Slug,
  { paths, messages }: { paths: readonly string[]; messages: readonly string[] },
): string {
  const list = paths.map((path) => `- \`${path}\``).join('\n');
  return `# Conflict: ${slug}\n\nMain was left as it was. These paths were changed on both sides:\n\n${list}\n\n${messages.join('\n')}\n\nNext: \`mic session sync ${slug}\`, resolve what git shows in the workspace, commit, and complete it again.\n`;
}

function tooBusy(slug: Slug): HubError {
  return new HubError(
    'session/main-busy',
    `Main moved all the time while ${slug} was completed. Nothing was changed; try again.`,
  );
}
