import { type TreePath, textFromPath } from '../../src/tree/path.ts';
import type { AttributeDirectories } from './attribute-directories.ts';
import {
  type GitMerge,
  type GitMergeCase,
  gitConflictMessages,
  gitMerges,
  mergeBases,
} from './git-merges.ts';
import type { GitObjects } from './git-objects.ts';
import type { GitContext } from './git-process.ts';
import type { EngineMerge, MergeEngine } from './merge-engine.ts';

/**
 * How our merge of a merge commit's parents compares with git's.
 *
 * - same: both clean and the same tree, or both in conflict.
 * - extraConflict: git merges cleanly, we don't.
 * - missedConflict: we merge cleanly where git reports a conflict. Nothing is worse.
 * - differentTree: both clean, with different trees.
 * - filterMiss: the path filters of landings would have let pass what otherwise conflicts, or merges differently.
 * - severalBases: the parents have several merge bases; not merged.
 * - noBase: the parents have none; not merged.
 * - octopus: the commit has other than two parents; not merged.
 * - failed: git or we could not do it at all.
 */
export type Verdict =
  | 'same'
  | 'extraConflict'
  | 'missedConflict'
  | 'differentTree'
  | 'filterMiss'
  | 'severalBases'
  | 'noBase'
  | 'octopus'
  | 'failed';

export interface ReplayedMerge {
  readonly commit: string;
  readonly verdict: Verdict;
  /** Whether both reported a conflict. */
  readonly conflict: boolean;
  /** Whether in a conflict the proposed trees, with their conflict markers, are the same as well; if known. */
  readonly sameProposal: boolean;
  /** Whether the path filters of landings tell that nothing can meet in it. */
  readonly filtered: boolean;
  /** For a disagreement: what each side says. */
  readonly reason: string;
}

/** Merges given to one git process. */
const batchMax = 50;
/** Conflicts told of in a reason. */
const reasonsMax = 5;

export interface ReplayOptions {
  readonly context: GitContext;
  /** Where git may write the objects that its merges make. */
  readonly mergeContext: GitContext;
  readonly objects: GitObjects;
  readonly attributes: AttributeDirectories;
  readonly engine: MergeEngine;
  /** Merges worked on at a time. */
  readonly concurrency: number;
}

/** Replays merge commits in the order given; yields each as it is done. */
export async function* replayMerges(
  commits: readonly string[],
  options: ReplayOptions,
): AsyncGenerator<ReplayedMerge> {
  for (let from = 0; from < commits.length; from += batchMax) {
    const prepared = await inParallel(commits.slice(from, from + batchMax), options.concurrency, (commit) =>
      prepare(commit, options),
    );
    const cases = prepared.filter((one) => 'base' in one);
    const gits = gitMerges(options.mergeContext, cases);
    yield* await inParallel(prepared, options.concurrency, async (one) => {
      if (!('base' in one)) return one;
      const mine = await options.engine.merge(one, one.base).catch(errorOf);
      if (mine instanceof Error) return unmerged(one.commit, 'failed', `ours: ${mine.message}`);
      return compare(one, (await gits)[cases.indexOf(one)]!, mine, options).catch((error) =>
        unmerged(one.commit, 'failed', errorOf(error).message),
      );
    });
  }
}

interface PreparedCase extends GitMergeCase {
  readonly base: string;
}

/** Finds what a merge commit merged; a commit that cannot be replayed is done with here. */
async function prepare(commit: string, options: ReplayOptions): Promise<PreparedCase | ReplayedMerge> {
  try {
    const [ours, theirs, ...more] = (await options.objects.commit(commit)).parents;
    if (ours === undefined || theirs === undefined || more.length > 0) return unmerged(commit, 'octopus');
    const [base, second] = await mergeBases(options.context, ours, theirs);
    if (base === undefined) return unmerged(commit, 'noBase');
    if (second !== undefined) return unmerged(commit, 'severalBases');
    return { commit, ours, theirs, base, attributes: await options.attributes.of(ours) };
  } catch (error) {
    return unmerged(commit, 'failed', errorOf(error).message);
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function unmerged(commit: string, verdict: Verdict, reason = ''): ReplayedMerge {
  return { commit, verdict, conflict: false, sameProposal: false, filtered: false, reason };
}

async function compare(
  one: GitMergeCase,
  git: GitMerge,
  mine: EngineMerge,
  options: ReplayOptions,
): Promise<ReplayedMerge> {
  if (git.outcome === 'failed') return unmerged(one.commit, 'failed', `git: ${git.complaint}`);
  const differences = await mine.differences(git.tree);
  const result = (verdict: Verdict, reason = ''): ReplayedMerge => ({
    commit: one.commit,
    verdict,
    conflict: verdict === 'same' && git.outcome === 'conflict',
    sameProposal: differences?.length === 0,
    filtered: mine.filtered,
    reason,
  });
  const clean = mine.conflicts.length === 0;
  if (git.outcome === 'conflict' && clean) {
    const messages = await gitConflictMessages(options.mergeContext, one);
    return result('missedConflict', `git: ${messages.slice(0, reasonsMax).join('; ')}`);
  }
  if (mine.filterMiss !== undefined) return result('filterMiss', mine.filterMiss);
  if (git.outcome === 'conflict') return result('same');
  if (!clean) {
    const conflicts = mine.conflicts.slice(0, reasonsMax).map((text) => textFromPath(text as TreePath));
    return result('extraConflict', `ours: ${conflicts.join('; ')}`);
  }
  return differences?.length === 0
    ? result('same')
    : result('differentTree', differences?.slice(0, reasonsMax).join('; '));
}

async function inParallel<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item, at: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at]!, at);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
