import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectId } from '../../git/object-id.ts';
import { parseRefName, readRef } from '../../git/refs.ts';
import { gitArguments } from '../../git/repository.ts';
import type { ClaimToken } from '../../ledger/git/claim.ts';
import type { CodeCommit, Landed, MainMoved } from '../../ledger/git/landing-moves.ts';
import { fileEdit, type SessionFileEdit } from '../../ledger/git/session-moves.ts';
import { withAddition, withCriteria, withField } from '../../session/plan/edit-plan.ts';
import { fieldOf, parsePlan } from '../../session/plan/plan.ts';
import {
  activePlanName,
  planEntries,
  planName,
  withWorklogEntry,
  worklogName,
} from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import { keepWork, keptRefs } from '../../workspace/git/keep-work.ts';
import { removeGitWorkspace } from '../../workspace/git/remove-git-workspace.ts';
import { sessionVariables } from '../../workspace/git/session-environment.ts';
import type { GitWorkspace } from '../../workspace/git/workspace-record.ts';
import { brokenRules, commitType, openCriteria, requireCriteria, requireRules } from './completion-checks.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions } from './hub-sessions.ts';
import { knowledgeSession } from './knowledge.ts';
import { provisionedMeanwhile, unprovisionWorkspace } from './provision.ts';
import { mergeSession, patchBetween, squash, treeOfCommit } from './session-changes.ts';
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
  const token = sessions.requireHeld(slug);
  const workspace = await sessions.workspaceOf(slug);
  if (workspace !== undefined) {
    await requireCommitted(workspace);
    await keepWork(workspace, sessions.hub);
  }
  const plan = await sessions.text(slug, planName);
  const activePlan = await sessions.text(slug, activePlanName);
  const open = openCriteria(parsePlan(plan), activePlan);
  if (request.unmet === undefined) requireCriteria(slug, open);
  const head = await workOf(sessions, slug);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const main = await sessions.main();
    const prepared =
      head === undefined ? noChanges : await prepare(sessions, { request, token, plan, head, main });
    if (prepared.outcome === 'conflict') return prepared;
    const learned = await knowledgeSession(sessions, slug, prepared.code?.commit ?? main);
    const files = await finalFiles(sessions, request, { plan, activePlan, open, prepared });
    const { value } = await sessions.ledger.complete({
      token,
      ...(prepared.code && { code: prepared.code }),
      files,
      elsewhere: learned?.edits ?? [],
    });
    if (value.outcome === 'main-moved') continue;
    await tidy(sessions, request, workspace);
    return { outcome: 'completed', commit: value.code, knowledgeSession: learned?.slug };
  }
  throw tooBusy(slug);
}

/** Puts what a session has done so far on main, and lets it go on. Throws as `completeSession` does. */
export async function landSession(
  sessions: HubSessions,
  request: Pick<CompletionRequest, 'slug' | 'message'>,
): Promise<Completion> {
  const { slug } = request;
  const token = sessions.requireHeld(slug);
  const workspace = await sessions.workspaceOf(slug);
  if (workspace !== undefined) {
    await requireCommitted(workspace);
    await keepWork(workspace, sessions.hub);
  }
  const plan = await sessions.text(slug, planName);
  const head = await workOf(sessions, slug);
  for (let attempt = 0; attempt < attemptsMax && head !== undefined; attempt++) {
    const main = await sessions.main();
    const prepared = await prepare(sessions, {
      request: { ...request, unmet: undefined, workspace: 'keep' },
      ...{ token, plan, head, main },
    });
    if (prepared.outcome === 'conflict') return prepared;
    if (prepared.code === undefined) break;
    const { value }: { value: Landed | MainMoved } = await sessions.ledger.land({
      token,
      code: prepared.code,
    });
    if (value.outcome === 'main-moved') continue;
    return { outcome: 'completed', commit: value.code, knowledgeSession: undefined };
  }
  return { outcome: 'completed', commit: undefined, knowledgeSession: undefined };
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
  readonly token: ClaimToken;
  readonly plan: string;
  readonly head: ObjectId;
  readonly main: ObjectId;
}

/** Checks the session's commits, merges them, and has the project's own check run on the result. */
async function prepare(
  sessions: HubSessions,
  { request, token, plan, head, main }: Work,
): Promise<Prepared | (Completion & { outcome: 'conflict' })> {
  const { slug } = request;
  const { hub, layout } = { hub: sessions.hub, layout: sessions.ledger.hub.layout };
  requireRules(slug, await brokenRules(hub, layout, { slug, head, main }));
  const merged = await mergeSession(hub, layout, { slug, head, main });
  if (merged.outcome === 'conflict') {
    await sessions.ledger.conflict({ token, report: conflictReport(slug, merged) });
    return merged;
  }
  if (merged.tree === (await treeOfCommit(hub, main))) return { ...noChanges, own: merged.own };
  const title = request.message ?? `${commitType(plan)}: ${parsePlan(plan).title || slug}`;
  const message = `[${slug}] ${/^[a-z]+(?:\([^)]*\))?!?: /.test(title) ? title : `${commitType(plan)}: ${title}`}`;
  const { agent } = sessions.surroundings;
  const commit = await squash(hub, { slug, tree: merged.tree, main, message, agent });
  await verify(sessions, slug, commit);
  return {
    outcome: 'clean',
    code: { commit, onto: main },
    own: merged.own,
    patch: await patchBetween(hub, main, commit),
  };
}

async function verify(sessions: HubSessions, slug: Slug, commit: ObjectId): Promise<void> {
  const { verify: command } = await projectSettings(sessions.ledger);
  if (command === undefined) return;
  const logs = join(sessions.hub.gitDirectory, 'micelio', 'verify');
  mkdirSync(logs, { recursive: true });
  const { agent, environment } = sessions.surroundings;
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
  made: { plan: string; activePlan: string; open: readonly string[]; prepared: Prepared },
): Promise<SessionFileEdit[]> {
  const { slug, unmet } = request;
  const { plan, activePlan, open, prepared } = made;
  const { agent, clock } = sessions.surroundings;
  const tracked = new Map(planEntries(activePlan, 'Criteria').map(({ text, done }) => [text, done]));
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

/** The newest commit that is kept of the session's work; undefined where nothing was ever committed. */
async function workOf(sessions: HubSessions, slug: Slug): Promise<ObjectId | undefined> {
  for (const ref of [keptRefs(slug).commits, `refs/heads/session/${slug}`] as const) {
    const id = await readRef(sessions.hub, ref);
    if (id !== 'absent') return id;
  }
  return undefined;
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

async function tidy(
  sessions: HubSessions,
  { slug, workspace: choice }: CompletionRequest,
  workspace: GitWorkspace | undefined,
): Promise<void> {
  if (workspace !== undefined && choice === 'remove') {
    await unprovisionWorkspace(sessions, workspace);
    await removeGitWorkspace(workspace, sessions.hub);
    const branch = parseRefName(workspace.record.branch);
    const id = await readRef(sessions.hub, branch);
    // What was on the branch is kept below refs/sessions/.
    if (id !== 'absent')
      await sessions.hub.git.attempt(gitArguments(sessions.hub, ['update-ref', '-d', branch, id]));
  }
  sessions.held.forget(slug);
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
    'session/none-to-claim',
    `Main moved all the time while ${slug} was completed. Nothing was changed; try again.`,
  );
}
