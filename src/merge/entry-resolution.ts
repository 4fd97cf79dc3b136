import { ancestorsOf, type TreePath } from '../tree/path.ts';
import { type Conflict, type ConflictKind, conflict } from './conflict.ts';
import { type ContentMergeOptions, mergeContent } from './content-merge.ts';
import type { PathState, PathTable } from './path-state.ts';
import { contentName, type Leaf, type Side, type Stage } from './stage.ts';

/** The merge of all paths that are more than directories. */
export interface Resolution {
  /** What the proposed tree has at each path of the table; undefined where the path goes away. */
  readonly leaves: ReadonlyMap<TreePath, Leaf | undefined>;
  /** The directories above everything in `leaves` that stays, and those that are there anyway. */
  readonly occupied: ReadonlySet<TreePath>;
  readonly conflicts: readonly Conflict[];
}

export interface ResolutionOptions extends ContentMergeOptions {
  /** Directories that are there although nothing is in them. */
  readonly emptyDirectories: readonly TreePath[];
  /** A path like `path~label` that is free in all three trees. */
  freePath(path: TreePath, side: Side, taken: (path: TreePath) => boolean): Promise<TreePath>;
}

/** Decides each path, after renames have been applied to the table. */
export async function resolveEntries(table: PathTable, options: ResolutionOptions): Promise<Resolution> {
  const resolver = new Resolver(table, options);
  // What is below a path comes first: whether a directory stays decides what becomes of a file at its path.
  const keys = [...table.keys()].map((path) => ({ path, key: `${path}/` }));
  keys.sort((a, b) => (a.key < b.key ? 1 : -1));
  for (const { path } of keys) await resolver.resolve(path, table.get(path)!);
  return resolver;
}

interface Outcome {
  readonly leaf: Leaf | undefined;
  /** Empty where the path merged cleanly. */
  readonly conflicts: readonly Conflict[];
}

class Resolver implements Resolution {
  readonly leaves = new Map<TreePath, Leaf | undefined>();
  readonly occupied = new Set<TreePath>();
  readonly #conflicts = new Set<Conflict>();
  readonly #table: PathTable;
  readonly #options: ResolutionOptions;

  constructor(table: PathTable, options: ResolutionOptions) {
    this.#table = table;
    this.#options = options;
    for (const path of options.emptyDirectories) this.#occupy([path, ...ancestorsOf(path)]);
  }

  get conflicts(): readonly Conflict[] {
    return [...this.#conflicts];
  }

  async resolve(path: TreePath, state: PathState): Promise<void> {
    if (!this.occupied.has(path)) {
      await this.#resolveAt(path, path, state, []);
      return;
    }
    // A directory with something in it stays at the path; a file that is still wanted goes beside it.
    const leaf =
      state.settled === undefined ? (state.versions.ours ?? state.versions.theirs) : state.settled.leaf;
    this.leaves.set(path, undefined);
    if (leaf === undefined) return;
    const side = sideOfFile(state);
    const inWay = conflict('file/directory', path, versionsOf(state));
    await this.#resolveAt(path, await this.#freePath(path, side), state, [inWay]);
  }

  /** Resolves the state of `path`, whose result belongs at `place` because of the conflicts given. */
  async #resolveAt(
    path: TreePath,
    place: TreePath,
    state: PathState,
    inWay: readonly Conflict[],
  ): Promise<void> {
    if (state.settled !== undefined) {
      const conflicts = [...inWay, ...state.renameConflicts, ...state.collisionConflicts];
      this.#record(place, { leaf: state.settled.leaf, conflicts });
      return;
    }
    const { ours, theirs } = state.versions;
    if (
      state.agreement === 'none' &&
      ours !== undefined &&
      theirs !== undefined &&
      ours.type !== theirs.type
    ) {
      await this.#resolveTypes(path, place, state, [
        ...inWay,
        ...state.renameConflicts,
        ...state.collisionConflicts,
      ]);
      return;
    }
    this.#record(place, await this.#outcome(path, state, inWay));
  }

  async #outcome(path: TreePath, state: PathState, inWay: readonly Conflict[]): Promise<Outcome> {
    const { base, ours, theirs } = state.versions;
    const found = [...inWay, ...state.renameConflicts, ...state.collisionConflicts];
    if (state.agreement === 'ours is theirs') return { leaf: ours, conflicts: found };
    if (state.agreement !== 'none') {
      const leaf = state.agreement === 'ours is base' ? theirs : ours;
      return { leaf, conflicts: leaf === undefined ? state.collisionConflicts : found };
    }
    if (ours !== undefined && theirs !== undefined) {
      const merged = await mergeContent(
        { path, leaves: { base, ours, theirs }, origins: state.origins },
        this.#options,
      );
      if (merged.outcome === 'clean') return { leaf: merged.leaf, conflicts: found };
      return {
        leaf: merged.leaf,
        conflicts: [...found, conflict(merged.kind, path, versionsOf(state), merged.hunks)],
      };
    }
    const leaf = ours ?? theirs;
    if (leaf === undefined || base === undefined) return { leaf, conflicts: found };
    const isRenameOnly = state.renameConflicts.length > 0 && contentName(base) === contentName(leaf);
    const kinds: ConflictKind[] = isRenameOnly ? [] : ['modify/delete'];
    return { leaf, conflicts: [...found, ...kinds.map((kind) => conflict(kind, path, versionsOf(state)))] };
  }

  /** The sides made different types of a path: a file gives way, and of two that are no files both do. */
  async #resolveTypes(
    path: TreePath,
    place: TreePath,
    state: PathState,
    inWay: readonly Conflict[],
  ): Promise<void> {
    const { ours, theirs } = state.versions;
    const oursMoves = ours?.type === 'file' || theirs?.type !== 'file';
    const theirsMoves = ours?.type !== 'file';
    const conflicts = [...inWay, conflict('distinct types', path, versionsOf(state))];
    const oursPlace = oursMoves ? await this.#freePath(place, 'ours') : place;
    const theirsPlace = theirsMoves ? await this.#freePath(place, 'theirs') : place;
    if (oursMoves && theirsMoves) this.leaves.set(place, undefined);
    this.#record(oursPlace, { leaf: ours, conflicts });
    this.#record(theirsPlace, { leaf: theirs, conflicts });
  }

  #record(path: TreePath, { leaf, conflicts }: Outcome): void {
    this.leaves.set(path, leaf);
    for (const one of conflicts) {
      this.#conflicts.add(one);
      if (leaf !== undefined) one.proposed.push(path);
    }
    if (leaf !== undefined) this.#occupy(ancestorsOf(path));
  }

  /** Marks directories, each of which is in the next one. */
  #occupy(directories: Iterable<TreePath>): void {
    for (const directory of directories) {
      if (this.occupied.has(directory)) return;
      this.occupied.add(directory);
    }
  }

  #freePath(path: TreePath, side: Side): Promise<TreePath> {
    const taken = (candidate: TreePath) =>
      this.#table.has(candidate) || this.leaves.has(candidate) || this.occupied.has(candidate);
    return this.#options.freePath(path, side, taken);
  }
}

/** The side whose file makes way for a directory. */
function sideOfFile({ directories, versions }: PathState): Side {
  if (directories.ours || directories.theirs) return directories.ours ? 'theirs' : 'ours';
  return versions.ours === undefined ? 'theirs' : 'ours';
}

function versionsOf(state: PathState): Conflict['versions'] {
  const at = (stage: Stage) => {
    const leaf = state.versions[stage];
    return leaf === undefined ? undefined : { path: state.origins[stage], leaf };
  };
  return { base: at('base'), ours: at('ours'), theirs: at('theirs') };
}
