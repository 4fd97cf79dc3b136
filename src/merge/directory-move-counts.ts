import { baseName, parentPath, rootPath, type TreePath } from '../tree/path.ts';
import type { DirectoryRelevance, SourceRelevance } from './change-collection.ts';
import { inGitMapOrder } from './git-map-order.ts';

/** Stands for the directory that a file went to when that is not known yet. No path is this. */
const unknownDirectory = '/' as TreePath;

/** How many files went from a directory to each other one. */
type Destinations = Map<TreePath, number>;

/** Counts where the files of a side's removed directories went, to find out where the directories went. */
export class DirectoryMoveCounts {
  readonly #counts = new Map<TreePath, Destinations>();
  readonly #removedDirectories: Map<TreePath, DirectoryRelevance>;

  constructor(removedDirectories: Map<TreePath, DirectoryRelevance>) {
    this.#removedDirectories = removedDirectories;
  }

  /**
   * Counts a renamed file for its directory, and for those above it as long as the names at the end of both paths
   * agree: a/b/c/file → x/b/c/file says that a/b/c went to x/b/c, a/b to x/b and a to x.
   */
  count(from: TreePath, to: TreePath): void {
    let oldDirectory = parentPath(from);
    let newDirectory = parentPath(to);
    for (let first = true; this.#removedDirectories.has(oldDirectory); first = false) {
      const relevance = this.#relevance(oldDirectory);
      if (first || relevance === 'self') this.#increment(oldDirectory, newDirectory);
      if (relevance === 'none' || oldDirectory === rootPath || newDirectory === rootPath) return;
      if (baseName(oldDirectory) !== baseName(newDirectory)) return;
      oldDirectory = parentPath(oldDirectory);
      newDirectory = parentPath(newDirectory);
    }
  }

  /** The directory that most files of each went to. */
  guesses(): Map<TreePath, TreePath> {
    const guesses = new Map<TreePath, TreePath>();
    for (const [directory, destinations] of this.#counts) {
      let most = 0;
      for (const destination of inGitMapOrder([...destinations.keys()])) {
        const count = destinations.get(destination)!;
        if (count <= most) continue;
        most = count;
        guesses.set(directory, destination);
      }
    }
    return guesses;
  }

  /**
   * Drops the sources of which only the place matters and whose directories are decided already, however the rest of
   * their files went. Returns those that still have to be looked for.
   */
  stillNeeded<Source extends { readonly path: TreePath }>(
    sources: readonly Source[],
    relevantSources: Map<TreePath, SourceRelevance>,
  ): Source[] {
    for (const { path } of sources) {
      for (
        let directory = parentPath(path);
        directory !== rootPath && this.#relevance(directory) !== 'none';
        directory = parentPath(directory)
      ) {
        this.#increment(directory, unknownDirectory);
      }
    }
    for (const [directory, destinations] of this.#counts) {
      if (this.#relevance(directory) === 'self' && isDecided(destinations)) {
        this.#removedDirectories.set(directory, 'ancestor');
      }
    }
    return sources.filter(({ path }) => {
      const needed = relevantSources.get(path) === 'content' || this.#placeMatters(path);
      if (!needed) relevantSources.set(path, 'no longer');
      return needed;
    });
  }

  /** The destinations of the removed directories that matter to the other side. */
  destinations(): Map<TreePath, Destinations> {
    const result = new Map<TreePath, Destinations>();
    for (const [directory, destinations] of this.#counts) {
      if (this.#relevance(directory) === 'none') continue;
      const known = new Map(destinations);
      known.delete(unknownDirectory);
      result.set(directory, known);
    }
    return result;
  }

  #placeMatters(path: TreePath): boolean {
    for (let directory = parentPath(path); ; directory = parentPath(directory)) {
      const relevance = this.#relevance(directory);
      if (relevance !== 'ancestor') return relevance === 'self';
    }
  }

  #relevance(directory: TreePath): DirectoryRelevance {
    return this.#removedDirectories.get(directory) ?? 'none';
  }

  #increment(from: TreePath, to: TreePath): void {
    const destinations = this.#counts.get(from) ?? new Map<TreePath, number>();
    this.#counts.set(from, destinations);
    destinations.set(to, (destinations.get(to) ?? 0) + 1);
  }
}

/** True when no file of unknown destination can change which directory most files went to. */
function isDecided(destinations: Destinations): boolean {
  const unknown = destinations.get(unknownDirectory) ?? 0;
  const counts = [...destinations].filter(([to]) => to !== unknownDirectory).map(([, count]) => count);
  counts.sort((a, b) => b - a);
  return (counts[0] ?? 0) > (counts[1] ?? 0) + unknown;
}
