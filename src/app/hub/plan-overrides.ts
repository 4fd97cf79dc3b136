import { type Hash, hashOf } from '../../base/hash.ts';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { withTrailers } from '../../git/trailers.ts';
import { type GitLedgerLayout, planFile } from '../../ledger/git/layout.ts';
import { parsePlan } from '../../session/plan/plan.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import type { TreePath } from '../../tree/path.ts';
import { fileAt } from './session-changes.ts';

/** A version of a plan's file. */
export interface PlanText {
  readonly text: string;
  /** Of its bytes. */
  readonly hash: Hash;
}

/** A commit that changed a plan after it was claimed, and says why. */
export interface PlanOverride {
  readonly commit: ObjectId;
  readonly by: Agent;
  /** In ms since the epoch, as its author's clock said. */
  readonly atMs: number;
  readonly why: string;
  readonly before: PlanText;
  readonly after: PlanText;
}

/** A commit that changed the file of a plan, whatever it says. */
export interface PlanChange extends Omit<PlanOverride, 'why' | 'before' | 'after'> {
  readonly subject: string;
  readonly parents: readonly ObjectId[];
  /** Of its first parent; undefined where that has no such file. */
  readonly before: PlanText | undefined;
  /** Undefined: it removes the file. */
  readonly after: PlanText | undefined;
}

/** Where the plan of a session lies while it is frozen and the session at work. */
export function frozenPlanPath(layout: GitLedgerLayout, slug: Slug): TreePath {
  return `${layout.session('active', slug)}/${planFile}` as TreePath;
}

/** How a message begins that lets a frozen plan be changed. The reason follows. */
const overrideWord = 'OVERRIDE: ';

/** What a change of a plan says for itself; undefined for one that does not override it, or removes it. */
export function overrideOf(slug: Slug, change: PlanChange): PlanOverride | undefined {
  const { commit, by, atMs, subject, before = planText(Buffer.alloc(0)), after } = change;
  const start = `[${slug}] ${overrideWord}`;
  const why = subject.startsWith(start) ? subject.slice(start.length).trim() : '';
  return why === '' || after === undefined ? undefined : { commit, by, atMs, why, before, after };
}

/** The newest commit up to `from` that changed the file at `path`; undefined where none did. */
export async function lastPlanChange(
  repository: Repository,
  from: ObjectId,
  path: TreePath,
): Promise<PlanChange | undefined> {
  return (await planChanges(repository, path, ['-1', from]))[0];
}

/** The overrides that `commit` has since the session was claimed last, the oldest first. */
export async function overridesUpTo(
  repository: Repository,
  { commit, slug, path }: { readonly commit: ObjectId; readonly slug: Slug; readonly path: TreePath },
): Promise<readonly PlanOverride[]> {
  const changes = await planChanges(repository, path, [commit]);
  const claimed = changes.findIndex(({ before }) => before === undefined);
  const since = claimed < 0 ? changes : changes.slice(0, claimed);
  return since
    .map((change) => overrideOf(slug, change))
    .filter((override) => override !== undefined)
    .reverse();
}

/** The commits of a session that changed its plan, the newest first, without those that merge what others made of it. */
export async function ownPlanChanges(
  repository: Repository,
  { main, head, path }: { readonly main: ObjectId; readonly head: ObjectId; readonly path: TreePath },
): Promise<readonly PlanChange[]> {
  const changes = await planChanges(repository, path, ['--full-history', '--topo-order', `${main}..${head}`]);
  const own: PlanChange[] = [];
  for (const change of changes) if (!(await isTakenOver(repository, path, change))) own.push(change);
  return own;
}

/** Whether a merge has the plan as one of its parents has it. */
async function isTakenOver(repository: Repository, path: TreePath, change: PlanChange): Promise<boolean> {
  const { parents, before, after } = change;
  if (parents.length < 2) return false;
  const others = await Promise.all(parents.slice(1).map((parent) => planAt(repository, parent, path)));
  return [before, ...others].some((parent) => parent?.hash === after?.hash);
}

const fields = ['%H', '%P', '%an', '%ae', '%at', '%s'];

async function planChanges(
  repository: Repository,
  path: TreePath,
  which: readonly string[],
): Promise<readonly PlanChange[]> {
  const args = ['log', '-z', `--format=${fields.join('%x00')}`, ...which, '--', path];
  const text = (await repository.git.run(gitArguments(repository, args))).toString('utf8');
  const values = text.split('\0');
  const changes: PlanChange[] = [];
  for (let at = 0; at + fields.length <= values.length; at += fields.length) {
    const [id = '', ids = '', name = '', email = '', seconds = '', subject = ''] = values.slice(at);
    const commit = parseObjectId(id);
    const parents = ids
      .split(' ')
      .filter((parent) => parent !== '')
      .map(parseObjectId);
    const [first] = parents;
    changes.push({
      ...{ commit, parents, subject, by: { name, email }, atMs: Number(seconds) * 1000 },
      before: first && (await planAt(repository, first, path)),
      after: await planAt(repository, commit, path),
    });
  }
  return changes;
}

/** The plan of a commit; undefined where it has none. */
export async function planAt(
  repository: Repository,
  commit: ObjectId,
  path: TreePath,
): Promise<PlanText | undefined> {
  const bytes = await fileAt(repository, commit, path);
  return bytes && planText(bytes);
}

export function planText(bytes: Buffer): PlanText {
  return { text: bytes.toString('utf8'), hash: hashOf(bytes) };
}

/** Criteria that an override took out of the plan, and put into it. */
export function criteriaChanged({ before, after }: Pick<PlanOverride, 'before' | 'after'>) {
  const [was, is] = [before, after].map(({ text }) =>
    parsePlan(text).criteria.map(({ text: words }) => words),
  );
  return {
    removed: was!.filter((words) => !is!.includes(words)),
    added: is!.filter((words) => !was!.includes(words)),
  };
}

/** When, who, why, the plan's hashes, and what is asked no more or is asked now: on one line. */
function overrideLine(override: PlanOverride): string {
  const { by, atMs, why, before, after } = override;
  const time = new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const { removed, added } = criteriaChanged(override);
  const criteria = [
    ...removed.map((words) => `Criterion removed: ${words}`),
    ...added.map((words) => `Criterion added: ${words}`),
  ];
  const hashes = `${planFile} was sha256 ${before.hash}, is ${after.hash}`;
  return [`${time}, ${by.name} <${by.email}>: ${why}`, hashes, ...criteria].join('; ');
}

/** The message, without what names the session, of the commit that brings overrides to main. */
export function overrideMessage(slug: Slug, by: Agent, overrides: readonly PlanOverride[]): string {
  const [first, last] = [overrides[0]!, overrides.at(-1)!];
  const lines = overrides.map((override) => `- ${overrideLine(override)}`).join('\n');
  return withTrailers(`${overrideWord}${last.why}\n\n${lines}`, [
    ['Session', slug],
    ['Agent', `${by.name} <${by.email}>`],
    ['Plan-Before', first.before.hash],
    ['Plan-After', last.after.hash],
  ]);
}

/** What a worklog has yet to say of `overrides`, as the text of an entry; undefined where it has said all. */
export function overrideEntry(worklog: string, overrides: readonly PlanOverride[]): string | undefined {
  // By the hash: those that have landed together are one on main, and several in the worklog.
  const untold = overrides.filter(({ after }) => !worklog.includes(`is ${after.hash}`));
  if (untold.length === 0) return undefined;
  return `The plan was overridden:\n\n${untold.map((override) => `- ${overrideLine(override)}`).join('\n')}`;
}
