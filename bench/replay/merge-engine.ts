import type { MergeCase } from './git-merges.ts';

/** What we make of a merge, to be compared with git's. */
export interface EngineMerge {
  /** One line each, for people. */
  readonly conflicts: readonly string[];
  /** What the path filters of landings would have made of it, where that is not the same; for people. */
  readonly filterMiss: string | undefined;
  /** Whether the path filters tell that nothing can meet. */
  readonly filtered: boolean;
  /**
   * Where the merged tree differs from the git tree `id`: nothing if they are the same. Where there are conflicts it is
   * the proposed tree that is compared; undefined for an engine that proposes none.
   */
  differences(id: string): Promise<readonly string[] | undefined>;
}

/** Whatever merges two commits of a repository with one merge base. */
export interface MergeEngine {
  merge(one: MergeCase, base: string): Promise<EngineMerge>;
  close(): Promise<void>;
}
