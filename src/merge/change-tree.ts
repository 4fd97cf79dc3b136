import { type Change, type Entry, sameEntry } from '../tree/entry.ts';
import { baseName, type FileName, parentPath, rootPath, type TreePath } from '../tree/path.ts';
import { type Leaf, leafOf, type PerSide, type PerStage, type Side, sides } from './stage.ts';

/** A path that a side changed, or a directory above one. */
export interface ChangeNode {
  readonly path: TreePath;
  readonly name: FileName;
  readonly leaves: PerStage<Leaf | undefined>;
  /** Whether the path is a directory, in each stage. */
  readonly directories: PerStage<boolean>;
  /** Whether the side changed a file, or whether a directory is there, at this path or below it. */
  readonly changed: PerSide<boolean>;
  /** In the order in which git visits the entries of a directory. */
  readonly children: readonly ChangeNode[];
}

/** The changes that each side made to the base. */
export type SideChanges = PerSide<readonly Change<TreePath>[]>;

interface OpenNode {
  readonly path: TreePath;
  readonly name: FileName;
  readonly before: PerSide<Entry | undefined>;
  readonly after: PerSide<Entry | undefined>;
  readonly isChanged: PerSide<boolean>;
  readonly children: OpenNode[];
}

/**
 * Lays the changes of both sides over each other, as one tree of the directories and files that they touch. A path
 * that one side left alone is there as in the base; a directory of which neither side says anything is in all stages.
 */
export function changeTree(changes: SideChanges): ChangeNode {
  const open = new Map<TreePath, OpenNode>();
  const root = openNode(rootPath);
  open.set(rootPath, root);
  const nodeAt = (path: TreePath): OpenNode => {
    const known = open.get(path);
    if (known !== undefined) return known;
    const node = openNode(path);
    open.set(path, node);
    nodeAt(parentPath(path)).children.push(node);
    return node;
  };
  for (const side of sides) {
    for (const change of changes[side]) {
      const node = nodeAt(change.path);
      node.before[side] = change.before;
      node.after[side] = change.after;
      node.isChanged[side] = true;
    }
  }
  return closeNode(root);
}

function openNode(path: TreePath): OpenNode {
  return {
    path,
    name: baseName(path),
    before: { ours: undefined, theirs: undefined },
    after: { ours: undefined, theirs: undefined },
    isChanged: { ours: false, theirs: false },
    children: [],
  };
}

function closeNode(node: OpenNode): ChangeNode {
  const children = node.children.map(closeNode).sort(inGitOrder);
  const versions = versionsOf(node);
  const implied = !node.isChanged.ours && !node.isChanged.theirs;
  const changedHere = (side: Side) =>
    implied
      ? false
      : !sameEntry(leafOf(versions[side]), leafOf(versions.base)) ||
        isDirectory(versions[side]) !== isDirectory(versions.base);
  const changed = (side: Side) => changedHere(side) || children.some((child) => child.changed[side]);
  return {
    path: node.path,
    name: node.name,
    leaves: {
      base: leafOf(versions.base),
      ours: leafOf(versions.ours),
      theirs: leafOf(versions.theirs),
    },
    directories: {
      base: implied || isDirectory(versions.base),
      ours: implied || isDirectory(versions.ours),
      theirs: implied || isDirectory(versions.theirs),
    },
    changed: { ours: changed('ours'), theirs: changed('theirs') },
    children,
  };
}

function versionsOf(node: OpenNode): PerStage<Entry | undefined> {
  const base = node.isChanged.ours ? node.before.ours : node.before.theirs;
  return {
    base,
    ours: node.isChanged.ours ? node.after.ours : base,
    theirs: node.isChanged.theirs ? node.after.theirs : base,
  };
}

function isDirectory(entry: Entry | undefined): boolean {
  return entry?.type === 'directory';
}

/** Git sorts a directory as if its name ended in `/`. A path that is a file in some stage comes as a file. */
function inGitOrder(a: ChangeNode, b: ChangeNode): number {
  const left = sortKey(a);
  const right = sortKey(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortKey(node: ChangeNode): string {
  const { base, ours, theirs } = node.leaves;
  return base === undefined && ours === undefined && theirs === undefined ? `${node.name}/` : node.name;
}
