import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startMaintenance } from '../../git/maintenance.ts';
import type { CheckoutNote } from '../../git/move-branch.ts';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { gitArguments } from '../../git/repository.ts';
import { checkoutsIn } from '../../ledger/git/authority.ts';
import type { ClaimToken, HeldClaim } from '../../ledger/git/claim.ts';
import type { CodeCommit } from '../../ledger/git/landing-moves.ts';
import { planFile } from '../../ledger/git/layout.ts';
import { catchUpCheckouts } from '../../ledger/git/local-authority.ts';
import { parsePlan } from '../../session/plan/plan.ts';
import { activePlanName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import { keepWork } from '../../workspace/git/keep-work.ts';
import { sessionVariables } from '../../workspace/git/session-environment.ts';
import { operationUnderWay } from '../../workspace/git/sync-workspace.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { workspaceErrorFrom } from '../../workspace/workspace-error.ts';
import {
  brokenRules,
  commitType,
  criteriaIn,
  metCriteria,
  openCriteria,
  requireCriteria,
  requireRules,
  type TrackedCriteria,
} from './completion-checks.ts';
import { finalFiles, overrideCommit } from './final-files.ts';
import { type FrozenPlan, requireFrozenPlan } from './frozen-plan.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions } from './hub-sessions.ts';
import { knowledgeSession } from './knowledge.ts';
import { workspaceAsLeft } from './lost-workspace.ts';
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
      /** Why the plan was overridden, for each override that came to main now. */
      readonly overridden: readonly string[];
      /** What became of the checkouts of main. */
      readonly checkouts: readonly CheckoutNote[];
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
  const { state } = await sessions.ledger.session(slug);
  if (state === 'completed' && (await sessions.wasLastClaim(token)))
    return tidyUp(sessions, request, await doneBefore(sessions, slug));
  const claim = await sessions.requireClaim(token);
  const workspace = await workspaceAsLeft(sessions, slug);
  const head = await committedWork(sessions, slug, workspace);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const main = await sessions.main();
    const plan = await requireFrozenPlan(sessions, { claim, head, main });
    const tracked = await trackedCriteria(sessions, { slug, head, main });
    const plans = { claimed: parsePlan(plan.claimed.text), now: parsePlan(plan.now.text) };
    const open = openCriteria(plans, tracked);
    if (request.unmet === undefined) requireCriteria(slug, open);
    const prepared =
      head === undefined ? noChanges : await prepare(sessions, { request, claim, plan, head, main });
    if (prepared.outcome === 'conflict') return prepared;
    const { code, own, patch } = prepared;
    const learned = await knowledgeSession(sessions, slug, code?.commit ?? main);
    const record = { atMs: sessions.surroundings.clock.now(), author: sessions.surroundings.agent.name };
    const isMet = metCriteria(plans.claimed, tracked);
    const unmet = request.unmet === undefined || open.length === 0 ? undefined : { open, why: request.unmet };
    const override = overrideCommit(claim, plan);
    const { value, notes } = await sessions.ledger.complete({
      token,
      ...(code && { code }),
      ...(override && { override }),
      seen: { main, paths: [planFile, activePlanName as FileName, ...own.keys()] },
      files: finalFiles({ slug, plan, isMet, unmet, own, patch, record }),
      elsewhere: learned?.edits ?? [],
    });
    if (value.outcome === 'main-moved') continue;
    return tidyUp(sessions, request, {
      commit: value.code,
      overridden: reasonsOf(plan),
      checkouts: checkoutsIn(notes),
      knowledgeSession: learned?.slug,
    });
  }
  throw tooBusy(slug);
}

type Done = Omit<Completion & { outcome: 'completed' }, 'outcome' | 'workspace'>;

/** What is left to do once a session is completed: its workspace goes, and this machine forgets that it had it. */
async function tidyUp(
  sessions: HubSessions,
  { slug, workspace: choice }: CompletionRequest,
  done: Done,
): Promise<Completion> {
  const left = choice === 'keep' ? undefined : await clearAway(sessions, slug);
  await protectPlans(sessions, slug, 'completed');
  await startMaintenance(sessions.hub);
  // Last: whoever is killed before can still be told that it was this machine's.
  sessions.held.forget(slug);
  return { outcome: 'completed', ...done, workspace: left };
}

/** What a completion that was killed has put on main, as far as main says. */
async function doneBefore({ hub, ledger }: HubSessions, slug: Slug): Promise<Done> {
  const args = ['log', '--max-count=1', '--format=%H', `--grep=^Session: ${slug}$`];
  const commit = (await hub.git.run(gitArguments(hub, [...args, await ledger.main(), '--'])))
    .toString('latin1')
    .trim();
  return {
    commit: commit === '' ? undefined : parseObjectId(commit),
    overridden: [],
    checkouts: checkoutsIn(await catchUpCheckouts(ledger.hub)),
    knowledgeSession: undefined,
  };
}

/** Puts what a session has done so far on main, and lets it go on. Throws as `completeSession` does. */
export async function landSession(
  sessions: HubSessions,
  request: Pick<CompletionRequest, 'slug' | 'message'>,
): Promise<Completion> {
  const { slug } = request;
  const token = await sessions.requireHeld(slug);
  const claim = await sessions.requireClaim(token);
  const head = await committedWork(sessions, slug, await workspaceAsLeft(sessions, slug));
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const main = await sessions.main();
    const plan = await requireFrozenPlan(sessions, { claim, head, main });
    const work = { request: { ...request, unmet: undefined, workspace: 'keep' as const }, claim, plan, main };
    const prepared = head === undefined ? noChanges : await prepare(sessions, { ...work, head });
    if (prepared.outcome === 'conflict') return prepared;
    const override = overrideCommit(claim, plan, sessions.surroundings.clock.now());
    const { code } = prepared;
    const landed = { outcome: 'completed', knowledgeSession: undefined, workspace: undefined } as const;
    if (code === undefined && override === undefined) {
      await noteResolved(sessions, token);
      return { ...landed, commit: undefined, overridden: [], checkouts: [] };
    }
    const { value, notes } = await sessions.ledger.land({
      token,
      ...(code && { code }),
      ...(override && { override, seen: { main, paths: [planFile] } }),
    });
    if (value.outcome === 'main-moved') continue;
    if (override !== undefined) await protectPlans(sessions, slug, 'active');
    await noteResolved(sessions, token);
    return {
      ...landed,
      commit: value.code,
      overridden: reasonsOf(plan),
      checkouts: checkoutsIn(notes),
    };
  }
  throw tooBusy(slug);
}

function reasonsOf({ pending }: FrozenPlan): readonly string[] {
  return pending.map(({ why }) => why);
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
  readonly plan: FrozenPlan;
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
  // At once, and a rule that is broken is said first: merging leaves nothing but objects.
  const [broken, merging] = await Promise.allSettled([
    brokenRules(hub, layout, { slug, head, main }),
    mergeSession(hub, layout, { slug, head, main, agent: claim.agent }),
  ]);
  requireRules(slug, fulfilled(broken));
  const merged = fulfilled(merging);
  if (merged.outcome === 'conflict') {
    await sessions.ledger.conflict({ token: claim, report: conflictReport(slug, merged) });
    return merged;
  }
  if (merged.tree === (await treeOfCommit(hub, main))) return { ...noChanges, own: merged.own };
  const { text } = plan.now;
  const title = request.message ?? `${commitType(text)}: ${parsePlan(text).title || slug}`;
  const message = `[${slug}] ${/^[a-z]+(?:\([^)]*\))?!?: /.test(title) ? title : `${commitType(text)}: ${title}`}`;
  const commit = await squash(hub, { slug, tree: merged.tree, head, main, message, agent: claim.agent });
  const checked = await verify(sessions, claim, commit);
  return {
    outcome: 'clean',
    code: { commit, onto: main, beside: checked === 'verified' ? 'sessions' : 'other files' },
    own: merged.own,
    patch: await patchBetween(hub, main, commit),
  };
}

/** Runs the project's own check of a commit; `unverified` where it has none. */
async function verify(
  sessions: HubSessions,
  { slug, agent }: HeldClaim,
  commit: ObjectId,
): Promise<'verified' | 'unverified'> {
  const { verify: command } = await projectSettings(sessions.ledger);
  if (command === undefined) return 'unverified';
  const logs = join(sessions.hub.gitDirectory, 'micelio', 'verify');
  try {
    mkdirSync(logs, { recursive: true });
  } catch (error) {
    throw workspaceErrorFrom(error, `make "${logs}"`);
  }
  const { environment } = sessions.surroundings;
  await verifyCommit(sessions.hub, {
    command,
    commit,
    environment: { ...environment, ...sessionVariables({ slug, branch: `session/${slug}`, agent }) },
    log: join(logs, `${slug}.log`),
    furnish: (directory, work) => provisionedMeanwhile(sessions, slug, directory, work),
  });
  return 'verified';
}

/** What the session has committed, which the hub has and keeps; undefined where nothing was ever committed. */
async function committedWork(
  sessions: HubSessions,
  slug: Slug,
  workspace: GitWorkspace | undefined,
): Promise<ObjectId | undefined> {
  if (workspace === undefined) return keptCommit(sessions.hub, slug);
  // At once: git looks at every file for the one, and moves commits for the other.
  const [committed, kept] = await Promise.allSettled([
    requireCommitted(workspace),
    keepWork(workspace, sessions.hub, 'committed'),
  ]);
  fulfilled(committed);
  // The refs that it is kept at may be another machine's in a moment.
  return fulfilled(kept).head;
}

function fulfilled<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** The criteria as the active plan has them, on main or in the session's own commits. */
async function trackedCriteria(
  sessions: HubSessions,
  { slug, head, main }: { slug: Slug; head: ObjectId | undefined; main: ObjectId },
): Promise<TrackedCriteria> {
  const path = `${sessions.ledger.hub.layout.session('active', slug)}/${activePlanName}`;
  const commits = head === undefined ? [main] : [main, head];
  const plans = await Promise.all(commits.map((commit) => fileAt(sessions.hub, commit, path)));
  return criteriaIn(plans.map((plan) => plan?.toString('utf8') ?? ''));
}

async function noteResolved(sessions: HubSessions, token: ClaimToken): Promise<void> {
  const { state } = await sessions.ledger.session(token.slug);
  if (state === 'conflicted') await sessions.ledger.resolve({ token });
}

async function requireCommitted(workspace: GitWorkspace): Promise<void> {
  const { repository, directory, record } = workspace;
  const args = ['-C', directory, 'status', '--porcelain', '--untracked-files=normal'];
  const changes = (await repository.git.run(args)).toString('utf8').trimEnd();
  if (changes === '') return;
  const [unmerged, others] = [true, false].map((is) =>
    changes.split('\n').filter((line) => unmergedMark.test(line) === is),
  ) as [string[], string[]];
  const lines = [...unmerged, ...others];
  const more = lines.length > 10 ? `\n  and ${lines.length - 10} more` : '';
  const begun = operationUnderWay(workspace);
  const next =
    begun === undefined
      ? 'Commit them, or add to .gitignore what does not belong there; then do it again.'
      : `A ${begun} is under way in it: mend what "git status" shows, "git add" it, then "git ${begun} --continue", and do it again.`;
  throw new HubError(
    'session/uncommitted',
    `The workspace of ${record.slug} has changes that are not committed:\n  ${lines.slice(0, 10).join('\n  ')}${more}\n${next}${innerRepositoryWords(directory, lines)}`,
  );
}

/** How `git status --porcelain` begins the line of a path with a conflict. */
const unmergedMark = /^(?:DD|AU|UD|UA|DU|AA|UU) /;

/** Git shows a repository inside of another one as a directory with a slash, and takes nothing of what is in it. */
function innerRepositoryWords(directory: string, lines: readonly string[]): string {
  const paths = lines.filter((line) => /^\?\? .*\/$/.test(line)).map((line) => line.slice(3));
  const inner = paths.filter((path) => existsSync(join(directory, path, '.git')));
  if (inner.length === 0) return '';
  return ` ${inner.join(', ')} is a repository of its own, which cannot land like this: move it away, make it a submodule, or delete its .git.`;
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
