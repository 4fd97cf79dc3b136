import { hasCode } from '../../base/error.ts';
import type { ObjectId } from '../../git/object-id.ts';
import { moveRefs, type RefMove, type RefName, type RefState, readRefs } from '../../git/refs.ts';
import { pushRefs, type Remote } from '../../git/remote.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import type { GitLedger } from '../../ledger/git/git-ledger.ts';
import type { SessionState } from '../../session/life-cycle.ts';
import { isSlug, type Slug } from '../../session/plan/slug.ts';
import type { RefMap } from './branch-plan.ts';

/** Where session branches are, here and there. */
export const sessionBranches: RefName = 'refs/heads/session/';

/** Where a remote that decides keeps the work of sessions for whoever goes on with it. */
export const sentWork: RefName = 'refs/sessions/';

/** The sessions that are completed or abandoned, or in `states`; none where there is no ledger. */
export async function sessionsOver(
  ledger: GitLedger | undefined,
  states: readonly SessionState[] = ['completed', 'abandoned'],
): Promise<ReadonlySet<Slug>> {
  try {
    const over = await ledger?.list(states);
    return new Set(over?.map(({ slug }) => slug));
  } catch (error) {
    if (hasCode(error, 'ledger/not-initialised')) return new Set();
    throw error;
  }
}

/**
 * Those of `branches`, and of refs with work that was sent, that nobody needs: their sessions are `over`, and the hub has
 * all their commits on main or below `refs/sessions/`. A branch with a commit that is nowhere else is none, and neither is one that the hub does not know.
 */
export async function finishedBranches(
  repository: Repository,
  branches: RefMap,
  { over, main }: { readonly over: ReadonlySet<Slug>; readonly main: RefState },
): Promise<RefMap> {
  const finished = new Map<RefName, ObjectId>();
  for (const [ref, id] of branches) {
    const slug = slugOf(ref);
    if (slug === undefined || !over.has(slug)) continue;
    const elsewhere = [`--glob=refs/sessions/${slug}/*`, ...(main === 'absent' ? [] : [main])];
    const args = gitArguments(repository, ['rev-list', '--max-count=1', id, '--not', ...elsewhere, '--']);
    const { exitCode, stdout } = await repository.git.attempt(args);
    if (exitCode === 0 && stdout.length === 0) finished.set(ref, id);
  }
  return finished;
}

/** The session that a branch, or a ref with work that was sent, is of; undefined for any other ref. */
function slugOf(ref: RefName): Slug | undefined {
  const folder = [sessionBranches, sentWork].find((prefix) => ref.startsWith(prefix));
  if (folder === undefined) return undefined;
  const below = ref.slice(folder.length);
  const name = folder === sentWork ? below.split('/')[0]! : below;
  return isSlug(name) ? name : undefined;
}

/** What became of the branches at a remote. */
export interface DeletedBranches {
  readonly deleted: readonly RefName[];
  /** Why the remote would not delete them, in git's words: then all are as they were. */
  readonly refused: string | undefined;
}

/** Deletes branches at a remote that are still what they were. That it refuses is nothing to stop for. */
export async function deleteFinished(remote: Remote, branches: RefMap): Promise<DeletedBranches> {
  if (branches.size === 0) return { deleted: [], refused: undefined };
  const moves: RefMove[] = Array.from(branches, ([ref, expected]) => ({ ref, expected, next: 'absent' }));
  const pushed = await pushRefs(remote, moves, 'skip');
  if (pushed.outcome === 'failed') {
    return { deleted: [], refused: pushed.error.failure?.stderr ?? pushed.error.message };
  }
  await trackBranches(remote, moves);
  return { deleted: moves.map(({ ref }) => ref), refused: undefined };
}

/** Notes where branches of a remote are now, as git itself does only where it is configured to. */
export async function trackBranches({ repository, name }: Remote, moves: readonly RefMove[]): Promise<void> {
  for (const { ref, next } of moves) {
    if (!ref.startsWith('refs/heads/')) continue;
    const tracking: RefName = `refs/remotes/${name}/${ref.slice('refs/heads/'.length)}`;
    const expected = (await readRefs(repository, [tracking])).get(tracking) ?? 'absent';
    // If another fetch is faster, it knows as well.
    if (expected !== next) await moveRefs(repository, [{ ref: tracking, expected, next }], 'micelio: sync');
  }
}
