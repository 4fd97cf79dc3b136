import { baseName, joinPath, parentPath, type TreePath } from '../tree/path.ts';
import type { Candidate, RenameCandidates } from './change-collection.ts';
import { DirectoryMoveCounts } from './directory-move-counts.ts';
import type { MergePort } from './merge-port.ts';
import { type SimilarityIndex, similarityIndex } from './similarity-index.ts';
import { contentName } from './stage.ts';

/** A file renamed with changes keeps at least half of its content. */
const renameScoreMin = 30_000;
/** A file that keeps its name is taken for the same one, without looking further, at three quarters. */
const sameNameScoreMin = 45_000;
/** Inexact renames are not looked for when there are more pairs to compare than this many squared. */
const renameLimit = 7000;
/** Of the removed files with the same content, only this many are considered for each added one. */
const identicalSourcesMax = 100;
/** Of the sources that an added file is like, the best of these are kept. */
const sourcesKeptPerTarget = 4;

/** A file that a side added; `from` says where it was before if it was renamed. */
interface AddedFile {
  readonly path: TreePath;
  readonly from: TreePath | undefined;
}

export interface DetectedRenames {
  readonly added: readonly AddedFile[];
  /** For the removed directories that matter: how many of their files went to each directory. */
  readonly directoryDestinations: ReadonlyMap<TreePath, ReadonlyMap<TreePath, number>>;
}

/** A source that is not taken yet, or a target whose source is not known yet. */
interface OpenFile extends Candidate {
  /** Place in the list it came from. */
  readonly index: number;
}

/**
 * Finds which of the files that a side added are renamed removed ones, as git's merges do: same content first, then
 * the same name and three quarters of the content, then half of the content of any.
 */
export async function detectRenames(candidates: RenameCandidates, port: MergePort): Promise<DetectedRenames> {
  const counts = new DirectoryMoveCounts(candidates.removedDirectories);
  const sources = withIndex(candidates.removed);
  const targets = withIndex(candidates.added);
  const found = new Renames(counts);
  if (candidates.relevantSources.size > 0 && sources.length > 0 && targets.length > 0) {
    const similarity = similarityIndex(port);
    found.addAll(identicalPairs(sources, targets));
    await findSameNames(found, candidates, sources, targets, similarity);
    await findSimilar(found, candidates, sources, targets, similarity);
  }
  return {
    added: candidates.added.map(({ path }, index) => ({ path, from: found.sourceOf(index) })),
    directoryDestinations: counts.destinations(),
  };
}

/** Empty files are never taken for renamed. */
function withIndex(files: readonly Candidate[]): OpenFile[] {
  return files
    .map((file, index) => ({ ...file, index }))
    .filter(({ leaf }) => leaf.type !== 'file' || leaf.size > 0);
}

interface RenamePair {
  readonly source: OpenFile;
  readonly target: OpenFile;
}

class Renames {
  readonly #sourceByTarget = new Map<number, TreePath>();
  readonly #usedSources = new Set<number>();
  readonly #counts: DirectoryMoveCounts;

  constructor(counts: DirectoryMoveCounts) {
    this.#counts = counts;
  }

  get counts(): DirectoryMoveCounts {
    return this.#counts;
  }

  add({ source, target }: RenamePair): void {
    this.#sourceByTarget.set(target.index, source.path);
    this.#usedSources.add(source.index);
    this.#counts.count(source.path, target.path);
  }

  addAll(pairs: readonly RenamePair[]): void {
    for (const pair of pairs) this.add(pair);
  }

  sourceOf(target: number): TreePath | undefined {
    return this.#sourceByTarget.get(target);
  }

  isUsed(source: OpenFile): boolean {
    return this.#usedSources.has(source.index);
  }

  isFound(target: OpenFile): boolean {
    return this.#sourceByTarget.has(target.index);
  }
}

/** For each target in turn a source with the same content, with the same name if there is one. */
function identicalPairs(sources: readonly OpenFile[], targets: readonly OpenFile[]): RenamePair[] {
  const unused = new Map<string, OpenFile[]>();
  for (const source of sources) {
    const key = contentKey(source);
    const same = unused.get(key);
    if (same === undefined) unused.set(key, [source]);
    else same.push(source);
  }
  const pairs: RenamePair[] = [];
  for (const target of targets) {
    const same = unused.get(contentKey(target));
    if (same === undefined || same.length === 0) continue;
    const sameName = same
      .slice(0, identicalSourcesMax)
      .findIndex((source) => baseName(source.path) === baseName(target.path));
    const [source] = same.splice(Math.max(sameName, 0), 1);
    pairs.push({ source: source!, target });
  }
  return pairs;
}

function contentKey({ leaf }: Candidate): string {
  return `${leaf.type} ${contentName(leaf)}`;
}

/**
 * Pairs files whose name is the only one of its kind on both ends, and others with the file of that name in the
 * directory where most of their neighbours went.
 */
async function findSameNames(
  found: Renames,
  { relevantSources }: RenameCandidates,
  sources: readonly OpenFile[],
  targets: readonly OpenFile[],
  similarity: SimilarityIndex,
): Promise<void> {
  const openSources = sources.filter((source) => !found.isUsed(source));
  const openTargets = targets.filter((target) => !found.isFound(target));
  const sourcesByName = byName(openSources);
  const targetsByName = byName(openTargets);
  const targetsByPath = new Map(openTargets.map((target) => [target.path, target]));
  const guesses = found.counts.guesses();

  for (const source of openSources) {
    const name = baseName(source.path);
    const sameName = targetsByName.get(name);
    if (!relevantSources.has(source.path) || sameName === undefined) continue;
    const isUnique = sourcesByName.get(name)!.length === 1 && sameName.length === 1;
    const guess = guesses.get(parentPath(source.path));
    // Git never guesses the root: it looks for a path that starts with a slash there, which no file has.
    const guessed =
      guess === undefined || guess === '' ? undefined : targetsByPath.get(joinPath(guess, name));
    const target = isUnique ? sameName[0] : guessed;
    if (target === undefined || found.isFound(target)) continue;
    const score = await similarity.score(source.leaf, target.leaf, sameNameScoreMin);
    if (score >= sameNameScoreMin) found.add({ source, target });
  }
}

function byName(files: readonly OpenFile[]): Map<string, OpenFile[]> {
  return Map.groupBy(files, ({ path }) => baseName(path));
}

interface ScoredPair extends RenamePair {
  readonly score: number;
  readonly sameName: boolean;
}

/** Compares every open target with every source that matters, and takes the best pairs first. */
async function findSimilar(
  found: Renames,
  { relevantSources }: RenameCandidates,
  sources: readonly OpenFile[],
  targets: readonly OpenFile[],
  similarity: SimilarityIndex,
): Promise<void> {
  const relevant = sources.filter((source) => !found.isUsed(source) && relevantSources.has(source.path));
  const openSources = found.counts.stillNeeded(relevant, relevantSources);
  const openTargets = targets.filter((target) => !found.isFound(target));
  if (openSources.length * openTargets.length > renameLimit * renameLimit) return;

  const kept: ScoredPair[] = [];
  for (const target of openTargets) {
    const best: ScoredPair[] = [];
    for (const source of openSources) {
      const scored = similarity.score(source.leaf, target.leaf, renameScoreMin);
      const score = typeof scored === 'number' ? scored : await scored;
      const sameName = baseName(source.path) === baseName(target.path);
      keepIfBetter(best, { source, target, score, sameName });
    }
    kept.push(...best);
  }
  kept.sort(bestFirst);
  for (const pair of kept) {
    if (pair.score < renameScoreMin) return;
    if (!found.isFound(pair.target) && !found.isUsed(pair.source)) found.add(pair);
  }
}

function bestFirst(a: ScoredPair, b: ScoredPair): number {
  return b.score - a.score || Number(b.sameName) - Number(a.sameName);
}

/** Puts a pair in the place of the worst of those kept, if it is better. The order of the others stays. */
function keepIfBetter(best: ScoredPair[], pair: ScoredPair): void {
  if (best.length < sourcesKeptPerTarget) {
    best.push(pair);
    return;
  }
  let worst = 0;
  for (let at = 1; at < best.length; at++) {
    if (bestFirst(best[at]!, best[worst]!) > 0) worst = at;
  }
  if (bestFirst(best[worst]!, pair) > 0) best[worst] = pair;
}
