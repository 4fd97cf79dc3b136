import type { TreePath } from '../tree/path.ts';
import { type ChangeNode, changeTree, type SideChanges } from './change-tree.ts';
import { inGitMapOrder } from './git-map-order.ts';
import { type PathTable, stateOf } from './path-state.ts';
import { type Agreement, type Leaf, otherSide, type PerSide, type Side, sides } from './stage.ts';

/** A file that a side added, or removed. */
export interface Candidate {
  readonly path: TreePath;
  readonly leaf: Leaf;
}

/**
 * Why it matters where a removed file went: the other side changed its content, or its directory is gone and
 * the other side added something to that directory.
 */
export type SourceRelevance = 'content' | 'location' | 'no longer';

/** For which directory the renames out of a removed directory matter: itself, one above, or none. */
export type DirectoryRelevance = 'self' | 'ancestor' | 'none';

/** What rename detection on one side starts from. All in the order in which git comes across it. */
export interface RenameCandidates {
  readonly added: Candidate[];
  readonly removed: Candidate[];
  /** The removed files of which it matters where they went. */
  readonly relevantSources: Map<TreePath, SourceRelevance>;
  readonly removedDirectories: Map<TreePath, DirectoryRelevance>;
}

/** The changes of both sides: what is merged already, what is left to merge, and what may be renamed. */
export interface CollectedChanges {
  readonly table: PathTable;
  /** What our side has at every path that a side changed, and that is more than a directory in some stage. */
  readonly heads: ReadonlyMap<TreePath, Leaf | undefined>;
  readonly candidates: PerSide<RenameCandidates>;
}

/**
 * What a walk watches for: files that the named side adds to a directory that the other side removed. Once one is
 * seen, where the directory went is `needed` for everything in it.
 */
type Watch = 'nothing' | Side | 'needed';

interface DeferredDirectory {
  readonly node: ChangeNode;
  readonly watch: Watch;
}

/**
 * Walks the changes of both sides. A path that only one side changed, or both alike, and that is in all three
 * stages, is settled at once. A directory that only one side touched is looked into only if that side's renames
 * matter; which renames git looks for, and so what it calls a conflict, depends on exactly this.
 */
export function collectChanges(changes: SideChanges): CollectedChanges {
  return new Collector().collect(changeTree(changes));
}

class Collector {
  readonly #table: PathTable = new Map();
  readonly #candidates: PerSide<RenameCandidates> = { ours: noCandidates(), theirs: noCandidates() };
  readonly #deferred: PerSide<Map<TreePath, DeferredDirectory>> = { ours: new Map(), theirs: new Map() };
  readonly #mayDefer: PerSide<boolean> = { ours: true, theirs: true };

  collect(root: ChangeNode): CollectedChanges {
    this.#visitDirectory(root, 'nothing');
    for (const side of sides) {
      const deferred = this.#deferred[side];
      this.#mayDefer[side] = this.#candidates[side].relevantSources.size === 0;
      for (const path of inGitMapOrder([...deferred.keys()])) {
        const { node, watch } = deferred.get(path)!;
        if (this.#mayDefer[side]) this.#takeSide(node, side);
        else this.#visitDirectory(node, watch);
      }
    }
    const heads = new Map<TreePath, Leaf | undefined>();
    for (const [path, state] of this.#table) heads.set(path, state.versions.ours);
    return { table: this.#table, heads, candidates: this.#candidates };
  }

  #visitDirectory(directory: ChangeNode, watch: Watch): void {
    const seen =
      (watch === 'ours' || watch === 'theirs') && directory.children.some((child) => onlyOn(child, watch));
    for (const child of directory.children) this.#visit(child, directory.path, seen ? 'needed' : watch);
  }

  #visit(node: ChangeNode, directory: TreePath, outerWatch: Watch): void {
    const state = stateOf(node);
    const { base, ours, theirs } = node.leaves;
    if (base !== undefined && ours !== undefined && theirs !== undefined && state.agreement !== 'none') {
      state.settled = { leaf: state.agreement === 'ours is base' ? theirs : ours };
      this.#table.set(node.path, state);
      return;
    }
    const watch = this.#watchIn(node, outerWatch);
    this.#noteRemovedDirectories(node, directory, watch);
    this.#noteCandidates(node, state.agreement, watch);
    const hasLeaf = base !== undefined || ours !== undefined || theirs !== undefined;
    if (hasLeaf) this.#table.set(node.path, state);
    if (!node.directories.base && !node.directories.ours && !node.directories.theirs) return;

    const side = onlySideThatTouched(node);
    if (side !== undefined && watch !== 'needed' && this.#mayDefer[side]) {
      this.#deferred[side].set(node.path, { node, watch });
    } else {
      this.#visitDirectory(node, watch);
    }
  }

  #watchIn(node: ChangeNode, watch: Watch): Watch {
    const { base, ours, theirs } = node.directories;
    if (watch === 'needed' || !base || ours === theirs) return watch;
    return ours ? 'ours' : 'theirs';
  }

  #noteRemovedDirectories(node: ChangeNode, directory: TreePath, watch: Watch): void {
    const { base } = node.directories;
    for (const side of sides) {
      const { removedDirectories } = this.#candidates[side];
      if (base && !node.directories[side]) {
        removedDirectories.set(node.path, watch === 'needed' ? 'ancestor' : 'none');
      }
      if (watch === 'needed' && onlyOn(node, otherSide(side))) removedDirectories.set(directory, 'self');
    }
  }

  #noteCandidates(node: ChangeNode, agreement: Agreement, watch: Watch): void {
    const { base } = node.leaves;
    for (const side of sides) {
      const leaf = node.leaves[side];
      const candidates = this.#candidates[side];
      if (base === undefined && leaf !== undefined) candidates.added.push({ path: node.path, leaf });
      if (base === undefined || leaf !== undefined) continue;
      candidates.removed.push({ path: node.path, leaf: base });
      if (agreement === 'none') candidates.relevantSources.set(node.path, 'content');
      else if (watch === 'needed') candidates.relevantSources.set(node.path, 'location');
    }
  }

  /** Settles everything at and below a node as the only side that touched it has it. */
  #takeSide(node: ChangeNode, side: Side): void {
    if (
      node.leaves.base !== undefined ||
      node.leaves.ours !== undefined ||
      node.leaves.theirs !== undefined
    ) {
      const state = this.#table.get(node.path) ?? stateOf(node);
      state.settled = { leaf: node.leaves[side] };
      this.#table.set(node.path, state);
    }
    for (const child of node.children) this.#takeSide(child, side);
  }
}

function noCandidates(): RenameCandidates {
  return { added: [], removed: [], relevantSources: new Map(), removedDirectories: new Map() };
}

/** True for a path that is a file, symlink or gitlink on `side` and on no other stage. */
function onlyOn(node: ChangeNode, side: Side): boolean {
  const { leaves } = node;
  return leaves[side] !== undefined && leaves.base === undefined && leaves[otherSide(side)] === undefined;
}

/** The side that has all the changes at and below a directory, if one has and the other is as the base. */
function onlySideThatTouched(node: ChangeNode): Side | undefined {
  const { directories, leaves, changed } = node;
  const { base, ours, theirs } = directories;
  const hasLeaf = leaves.base !== undefined || leaves.ours !== undefined || leaves.theirs !== undefined;
  if (!base && !hasLeaf && ours !== theirs) return ours ? 'ours' : 'theirs';
  const existsInBase = base || leaves.base !== undefined;
  if (existsInBase && !changed.ours) return 'theirs';
  if (existsInBase && !changed.theirs) return 'ours';
  return undefined;
}
