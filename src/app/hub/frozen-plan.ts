import type { ObjectId } from '../../git/object-id.ts';
import type { Repository } from '../../git/repository.ts';
import type { Claim, HeldClaim } from '../../ledger/git/claim.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { TreePath } from '../../tree/path.ts';
import { HubError } from './hub-error.ts';
import type { HubSessions } from './hub-sessions.ts';
import {
  frozenPlanPath,
  lastPlanChange,
  overrideOf,
  ownPlanChanges,
  type PlanChange,
  type PlanOverride,
  type PlanText,
  planAt,
  planText,
} from './plan-overrides.ts';

/** What became of a plan since it was claimed. */
export interface FrozenPlan {
  readonly claimed: PlanText;
  /** With all overrides: the plan that is archived. */
  readonly now: PlanText;
  /** Those that main has, the oldest first. */
  readonly onMain: readonly PlanOverride[];
  /** Those that follow, and only the session's own commits have. */
  readonly pending: readonly PlanOverride[];
}

export interface PlanQuestion {
  readonly claim: HeldClaim;
  /** The newest commit of the session; the hub has it. */
  readonly head: ObjectId | undefined;
  readonly main: ObjectId;
}

/**
 * The plan of a session that is at work. From the claim on it stays as it is, but for commits that say that they override
 * it, on main or in the session: whoever finds it changed in another way refuses it. Throws `session/rules-broken`.
 */
export async function requireFrozenPlan(
  { hub, ledger }: HubSessions,
  { claim, head, main }: PlanQuestion,
): Promise<FrozenPlan> {
  const { slug } = claim;
  const path = frozenPlanPath(ledger.hub.layout, slug);
  const found = await planAt(hub, main, path);
  if (found === undefined && claim.plan !== null) throw gone(slug);
  const theirs = found ?? planText(Buffer.alloc(0));
  const history = await planOnMain(hub, claim, { main, path, theirs });
  if (history.stranger !== undefined) throw changedOnMain(slug, history.stranger);
  const { claimed, overrides: onMain } = history;
  const own = head && (await ownPlan(hub, { slug, head, main, path }, theirs));
  return { claimed, now: own?.now ?? theirs, onMain, pending: own?.pending ?? [] };
}

/** How the plan on main became `theirs`: back to what was claimed, or to a commit that is no override. */
async function planOnMain(
  hub: Repository,
  { slug, plan: claimed }: Pick<Claim, 'slug' | 'plan'>,
  { main, path, theirs }: { main: ObjectId; path: TreePath; theirs: PlanText },
): Promise<{ claimed: PlanText; overrides: readonly PlanOverride[]; stranger?: PlanChange }> {
  const overrides: PlanOverride[] = [];
  let now = theirs;
  let from: ObjectId | undefined = main;
  while (now.hash !== claimed && from !== undefined) {
    const change: PlanChange | undefined = await lastPlanChange(hub, from, path);
    // It had none when it was claimed: one that was put there since is what is worked by.
    if (claimed === null && (change === undefined || change.before === undefined)) break;
    const override = change && overrideOf(slug, change);
    if (override === undefined || change?.before === undefined)
      return { claimed: now, overrides, stranger: change ?? unknownChange(from, now) };
    overrides.unshift(override);
    [now, from] = [change.before, change.parents[0]];
  }
  return { claimed: now, overrides };
}

/** Main is not known further back, as in a shallow clone. */
function unknownChange(commit: ObjectId, after: PlanText): PlanChange {
  const by = { name: 'unknown', email: '' };
  return { commit, by, atMs: 0, subject: '', parents: [], before: undefined, after };
}

/** What the session's own commits make of the plan on main, `theirs`; undefined where nothing. */
async function ownPlan(
  hub: Repository,
  { slug, head, main, path }: { slug: Slug; head: ObjectId; main: ObjectId; path: TreePath },
  theirs: PlanText,
): Promise<Pick<FrozenPlan, 'now' | 'pending'> | undefined> {
  const changes = await ownPlanChanges(hub, { main, head, path });
  if (changes.length === 0) return undefined;
  const now = await planAt(hub, head, path);
  // Whatever happened in between, nothing of it is left.
  if (now?.hash === theirs.hash) return undefined;
  if (now === undefined) throw gone(slug);
  const overrides = changes.map((change) => overrideOf(slug, change));
  const strangers = changes.filter((_, index) => overrides[index] === undefined);
  if (strangers.length > 0) throw changedInSession(slug, strangers);
  const all = overrides.filter((override) => override !== undefined);
  // What has landed already is behind the version that main has.
  const last = all.findIndex(({ before }) => before.hash === theirs.hash);
  if (last < 0) throw apart(slug);
  return { now, pending: all.slice(0, last + 1).reverse() };
}

const howToOverride = (slug: Slug) =>
  `where the plan has to change, do it in a commit whose message begins with "[${slug}] OVERRIDE: ", followed by the reason`;

function broken(words: string): HubError {
  return new HubError('session/rules-broken', words);
}

function gone(slug: Slug): HubError {
  return broken(`SESSION.md of ${slug} was removed. Bring it back: a plan may be overridden, but stays.`);
}

function changedOnMain(slug: Slug, { commit, by, subject, before }: PlanChange): HubError {
  const what =
    before === undefined
      ? 'and no commit there says how it became so'
      : `since ${commit.slice(0, 12)} by ${by.name}, "${subject}"`;
  return broken(
    `SESSION.md of ${slug} on main is not the plan that was claimed, ${what}. Put it back as it was; ${howToOverride(slug)}.`,
  );
}

function changedInSession(slug: Slug, changes: readonly PlanChange[]): HubError {
  const lines = changes.slice(0, 10).map(({ commit, subject }) => `  - ${commit.slice(0, 12)} ${subject}`);
  return broken(
    `These commits of ${slug} change its plan, SESSION.md, which stays as it was claimed:\n${lines.join('\n')}\nTake the change out of them ("git rebase -i" in its workspace); ${howToOverride(slug)}.`,
  );
}

function apart(slug: Slug): HubError {
  return broken(
    `SESSION.md of ${slug} was overridden in the session, and is another one on main by now. Bring both together: "mic session sync ${slug} --rebase" in its workspace, then do this again.`,
  );
}
