import type { HeldClaim } from '../../ledger/git/claim.ts';
import type { OverrideCommit } from '../../ledger/git/landing-moves.ts';
import { planFile } from '../../ledger/git/layout.ts';
import { fileEdit, type SessionFileEdit } from '../../ledger/git/session-moves.ts';
import { withAddition, withCriteria, withField } from '../../session/plan/edit-plan.ts';
import { type Criterion, fieldOf, parsePlan } from '../../session/plan/plan.ts';
import { planName, withWorklogEntry, worklogName } from '../../session/plan/record-files.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { FileName, TreePath } from '../../tree/path.ts';
import type { FrozenPlan } from './frozen-plan.ts';
import { overrideEntry, overrideMessage } from './plan-overrides.ts';

const worklogFile = worklogName as FileName;

/** What a session that is archived has come to. */
export interface FinalRecord {
  readonly slug: Slug;
  readonly plan: FrozenPlan;
  readonly isMet: (criterion: Criterion) => boolean;
  /** Criteria that are not met, and why that is so. */
  readonly unmet: { readonly open: readonly string[]; readonly why: string } | undefined;
  /** What the session's commits made of the files in its folder; undefined: removed. */
  readonly own: ReadonlyMap<TreePath, Buffer | undefined>;
  readonly patch: Buffer | undefined;
  readonly record: { readonly atMs: number; readonly author: string };
}

/** The files that the archived session has beyond those it had: its last notes, its patch, and what its commits changed. */
export function finalFiles(made: FinalRecord): SessionFileEdit[] {
  const { slug, plan, own, patch, record } = made;
  const files = Array.from(own, ([path, content]) => ({ path, change: () => content }));
  const worklog = (before: Buffer | undefined) => {
    const text = (own.get(worklogName as TreePath) ?? before)?.toString('utf8') ?? '';
    const told = withOverrides(text, slug, plan, record);
    return Buffer.from(withWorklogEntry(told, slug, { ...record, text: 'Completed.' }));
  };
  return [
    ...files.filter(({ path }) => path !== planName && path !== worklogName),
    fileEdit(planFile, finalPlan(made)),
    { path: worklogFile, change: worklog },
    ...(patch === undefined ? [] : [fileEdit(`${slug}.patch` as FileName, patch)]),
  ];
}

/** The plan with its boxes as they are in the end, its state, and why something is not met. */
function finalPlan({ plan, isMet, unmet }: FinalRecord): string {
  const { text } = plan.now;
  let final = withCriteria(text, isMet);
  if (fieldOf(parsePlan(text), 'Status') !== undefined) final = withField(final, 'Status', 'completed');
  if (unmet === undefined) return final;
  return withAddition(final, 'Final notes', `Not met: ${unmet.open.join('; ')}. ${unmet.why}`);
}

/**
 * The commit by which the overrides come to main that only the session's own commits have; undefined where there are none.
 * With a time, in ms, it notes them in the worklog too; otherwise whoever archives the session does.
 */
export function overrideCommit(
  { slug, agent }: HeldClaim,
  plan: FrozenPlan,
  atMs?: number,
): OverrideCommit | undefined {
  if (plan.pending.length === 0) return undefined;
  const record = atMs === undefined ? undefined : { atMs, author: agent.name };
  const worklog = (before: Buffer | undefined) =>
    Buffer.from(withOverrides(before?.toString('utf8') ?? '', slug, plan, record!));
  return {
    message: overrideMessage(slug, agent, plan.pending),
    files: [
      fileEdit(planFile, plan.now.text),
      ...(record === undefined ? [] : [{ path: worklogFile, change: worklog }]),
    ],
  };
}

/** A worklog with an entry about the overrides that it does not tell of yet. */
function withOverrides(
  worklog: string,
  slug: Slug,
  { onMain, pending }: FrozenPlan,
  record: FinalRecord['record'],
): string {
  const text = overrideEntry(worklog, [...onMain, ...pending]);
  return text === undefined ? worklog : withWorklogEntry(worklog, slug, { ...record, text });
}
