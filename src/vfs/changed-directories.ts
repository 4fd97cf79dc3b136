import type { InodeNumber } from './file-system.ts';
import { rootInode } from './inode.ts';

/** More than so many directories are not kept in memory: then they are found in the overlay when it is time. */
const directoriesMax = 200_000;

/**
 * The directories in or below which something changed since they were last recorded, so that recording looks at nothing
 * else. All directories above a changed one are changed.
 */
export class ChangedDirectories {
  readonly #parentOf: (directory: InodeNumber) => InodeNumber | 0;
  #changed = new Set<InodeNumber>();
  /** Directories that changed as a whole: they were moved, or what is kept of their content may be decided otherwise. */
  #whole = new Set<InodeNumber>();
  /** Whether there are changed ones that are not in the sets. */
  #isIncomplete: boolean;

  constructor(known: 'all' | 'not all', parentOf: (directory: InodeNumber) => InodeNumber | 0) {
    this.#isIncomplete = known === 'not all';
    this.#parentOf = parentOf;
  }

  /** Whether there may be changed directories that were not named. Whoever wants them all must then look for them. */
  get isIncomplete(): boolean {
    return this.#isIncomplete;
  }

  /** Something in `directory` changed; 0 where nobody knows which directory that is. */
  add(directory: InodeNumber | 0): void {
    if (directory === 0 || this.#changed.size >= directoriesMax) {
      this.#isIncomplete = true;
      return;
    }
    // All of them or none: asking for a parent may fail, and what is in the set has its parents in the set.
    const added: InodeNumber[] = [];
    for (let at = directory; !this.#changed.has(at); at = this.#parentOf(at) as InodeNumber) {
      added.push(at);
      if (at === rootInode) break;
    }
    for (const changed of added) this.#changed.add(changed);
  }

  /** All in and below `directory` changed, or stands at another path than before. */
  addWhole(directory: InodeNumber): void {
    this.add(directory);
    this.#whole.add(directory);
  }

  /** What may have changed in `directory`. */
  extent(directory: InodeNumber): 'nothing' | 'something' | 'everything' {
    if (this.#whole.has(directory)) return 'everything';
    return this.#changed.has(directory) ? 'something' : 'nothing';
  }

  /** Says that all changed directories are named now. */
  complete(): void {
    this.#isIncomplete = false;
  }

  /** Moves what it knows into a new set, and knows nothing from then on. */
  take(): ChangedDirectories {
    const taken = new ChangedDirectories(this.#isIncomplete ? 'not all' : 'all', this.#parentOf);
    taken.#changed = this.#changed;
    taken.#whole = this.#whole;
    this.#changed = new Set();
    this.#whole = new Set();
    this.#isIncomplete = false;
    return taken;
  }

  /** Takes back what could not be recorded. */
  putBack(taken: ChangedDirectories): void {
    this.#isIncomplete ||= taken.#isIncomplete;
    for (const directory of taken.#whole) this.#whole.add(directory);
    for (const directory of taken.#changed) this.#changed.add(directory);
  }
}
