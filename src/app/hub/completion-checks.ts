import type { ObjectId } from '../../git/object-id.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import type { GitLedgerLayout } from '../../ledger/git/layout.ts';
import { type Criterion, fieldOf, type Plan, parsePlan } from '../../session/plan/plan.ts';
import { planEntries } from '../../session/plan/record-files.ts';
import { isKnowledgeSlug, type Slug } from '../../session/plan/slug.ts';
import { HubError } from './hub-error.ts';
import { type ChangedPath, changedPaths, mergeBase } from './session-changes.ts';

/** Criteria by their words, and whether they are met. */
export type TrackedCriteria = ReadonlyMap<string, boolean>;

/** The criteria of several versions of an active plan. What one of them calls met is met. */
export function criteriaIn(activePlans: readonly string[]): TrackedCriteria {
  const tracked = new Map<string, boolean>();
  for (const { text, done } of activePlans.flatMap((plan) => planEntries(plan, 'Criteria')))
    tracked.set(text, done || tracked.get(text) === true);
  return tracked;
}

/** A plan as it was claimed, and as it is after what overrode it. */
export interface PlanVersions {
  readonly claimed: Plan;
  readonly now: Plan;
}

/**
 * Whether a criterion is met: the active plan says so, or else the plan did when it was claimed. A box that is ticked in the
 * plan since then says nothing.
 */
export function metCriteria(claimed: Plan, tracked: TrackedCriteria): (criterion: Criterion) => boolean {
  const before = new Set(claimed.criteria.filter(({ met }) => met).map(({ text }) => text));
  return ({ text }) => tracked.get(text) ?? before.has(text);
}

/**
 * The criteria that are not met: those of the plan, and those that the active plan has besides, without what an override
 * took out of the plan.
 */
export function openCriteria({ claimed, now }: PlanVersions, tracked: TrackedCriteria): string[] {
  const isMet = metCriteria(claimed, tracked);
  // One without words, such as a comment of the template, asks for nothing.
  const asked = now.criteria.filter(({ text }) => text !== '');
  const planned = asked.filter((criterion) => !isMet(criterion)).map(({ text }) => text);
  const known = new Set([...claimed.criteria, ...now.criteria].map(({ text }) => text));
  const added = [...tracked].filter(([text, done]) => !done && !known.has(text));
  return [...planned, ...added.map(([text]) => text)];
}

/** Throws `session/criteria-open`, with what is left to do. */
export function requireCriteria(slug: Slug, open: readonly string[]): void {
  if (open.length === 0) return;
  throw new HubError(
    'session/criteria-open',
    `Session ${slug} has criteria that are not met:\n${open.map((text) => `  - ${text}`).join('\n')}\nMeet them and say so ("mic session plan --done 1"; one that the active plan lacks gets there by "mic session plan TEXT --part criteria"), or complete it all the same with --unmet "why".`,
  );
}

/**
 * What a session may not do to main, besides its plan (`frozen-plan.ts`); each in a sentence. The hooks of a workspace say the same, where
 * they run.
 */
export async function brokenRules(
  repository: Repository,
  layout: GitLedgerLayout,
  { slug, head, main }: { slug: Slug; head: ObjectId; main: ObjectId },
): Promise<string[]> {
  const [changes, subjects] = await Promise.all([
    mergeBase(repository, main, head).then((base) => changedPaths(repository, base, head)),
    subjectsOf(repository, main, head),
  ]);
  return [
    ...subjects
      .filter((subject) => !isProper(slug, subject))
      .map((subject) => `The message "${subject}" does not begin with "[${slug}] type: ".`),
    ...knowledgeBroken(layout, slug, changes),
    ...sessionsBroken(layout, slug, changes),
  ];
}

/** Throws `session/rules-broken`. */
export function requireRules(slug: Slug, broken: readonly string[]): void {
  if (broken.length === 0) return;
  const some = broken.slice(0, 10).map((text) => `  - ${text}`);
  if (broken.length > some.length) some.push(`  - and ${broken.length - some.length} more`);
  throw new HubError(
    'session/rules-broken',
    `Session ${slug} cannot be completed as it is:\n${some.join('\n')}\nMend its commits ("git rebase -i" in its workspace), then complete it again.`,
  );
}

function knowledgeBroken(layout: GitLedgerLayout, slug: Slug, changes: readonly ChangedPath[]): string[] {
  const knowledge = `${layout.root}/knowledge/`;
  if (isKnowledgeSlug(slug)) return [];
  return changes
    .filter(({ path }) => path.startsWith(knowledge) && !path.startsWith(`${knowledge}sessions/${slug}/`))
    .map(({ path }) => `It changes ${path}, which only sessions named "kb-…" may.`);
}

function sessionsBroken(layout: GitLedgerLayout, slug: Slug, changes: readonly ChangedPath[]): string[] {
  const own = `${layout.session('active', slug)}/`;
  return changes
    .filter(({ path }) => path.startsWith(`${layout.sessions}/`) && !path.startsWith(own))
    .map(({ path }) => `It changes ${path}, which is not in its own folder.`);
}

/** What git writes by itself while it merges or reverts needs no name. */
function isProper(slug: Slug, subject: string): boolean {
  return subject.startsWith(`[${slug}] `) && /^\[[^\]]+\] [^:]+: /.test(subject)
    ? true
    : /^(?:Merge|Revert) /.test(subject);
}

async function subjectsOf(repository: Repository, main: ObjectId, head: ObjectId): Promise<string[]> {
  const args = gitArguments(repository, ['log', '-z', '--format=%s', `${main}..${head}`]);
  const text = (await repository.git.run(args)).toString('utf8');
  return text.split('\0').filter((subject) => subject !== '');
}

/** The type that the commit of a completed session has: what its plan says, or `feat`. */
export function commitType(plan: string): string {
  const type = fieldOf(parsePlan(plan), 'Type')?.toLowerCase() ?? '';
  const known: Readonly<Record<string, string>> = {
    bug: 'fix',
    fix: 'fix',
    docs: 'docs',
    documentation: 'docs',
    refactor: 'refactor',
    test: 'test',
    infrastructure: 'chore',
    chore: 'chore',
  };
  return known[type] ?? 'feat';
}
