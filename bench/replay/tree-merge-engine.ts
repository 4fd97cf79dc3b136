import type { Hash } from '../../src/base/hash.ts';
import type { Conflict } from '../../src/merge/conflict.ts';
import type { MergePort } from '../../src/merge/merge-port.ts';
import { mergeTrees } from '../../src/merge/merge-trees.ts';
import type { TreePath } from '../../src/tree/path.ts';
import type { MergeCase } from './git-merges.ts';
import { GitObjects } from './git-objects.ts';
import type { GitContext } from './git-process.ts';
import { TextDrivers } from './text-drivers.ts';
import { entryFromGit, TreeComparison } from './tree-changes.ts';
import { editedTreeId, type GitTreeEntry, gitObjectId, parseTree } from './tree-id.ts';

/** What we make of a merge, to be compared with git's. */
export interface EngineMerge {
  /** The git tree id of the merged tree, or of the one that is proposed where there are conflicts. */
  readonly tree: string;
  /** One line each, for people. */
  readonly conflicts: readonly string[];
}

/** Whatever merges two commits of a repository with one merge base. */
export interface MergeEngine {
  merge(one: MergeCase, base: string): Promise<EngineMerge>;
  close(): void;
}

/** Merges with `mergeTrees` on the repository's own objects: trees are compared and read by git, nothing is written. */
export function treeMergeEngine(context: GitContext): MergeEngine {
  const objects = new GitObjects(context);
  const comparison = new TreeComparison(context, objects);
  const drivers = new TextDrivers(context);

  return {
    async merge({ ours, theirs }, base) {
      const [baseTree, oursTree, theirsTree] = await Promise.all(
        [base, ours, theirs].map(async (commit) => (await objects.commit(commit)).tree),
      );
      const [oursChanges, theirsChanges] = await Promise.all([
        comparison.changes(baseTree!, oursTree!),
        comparison.changes(baseTree!, theirsTree!),
      ]);
      const { edits, conflicts } = await mergeTrees({
        changes: { ours: oursChanges, theirs: theirsChanges },
        port: gitMergePort(objects, drivers, baseTree!),
        labels: { ours, base, theirs },
      });
      return {
        tree: await editedTreeId(objects, oursTree!, edits),
        conflicts: conflicts.map(describe),
      };
    },
    close() {
      objects.close();
      comparison.close();
      drivers.close();
    },
  };
}

function gitMergePort(objects: GitObjects, drivers: TextDrivers, baseTree: string): MergePort {
  const written = new Map<Hash, Uint8Array>();
  return {
    async baseEntry(path) {
      let entry: Pick<GitTreeEntry, 'mode' | 'id'> | undefined = { mode: 0o040000, id: baseTree };
      for (const segment of path.split('/')) {
        if (entry?.mode !== 0o040000) return undefined;
        const entries = parseTree(await objects.read(entry.id), baseTree.length / 2);
        entry = entries.find(({ name }) => name === segment);
      }
      return entry === undefined ? undefined : entryFromGit(entry.mode, entry.id, 0);
    },
    readFile: async (file) => written.get(file.hash) ?? objects.read(file.hash),
    async writeFile(bytes) {
      const hash = gitObjectId('blob', bytes, baseTree.length) as Hash;
      written.set(hash, bytes);
      return { hash, size: bytes.length };
    },
    textDriver: (path: TreePath) => drivers.driverOf(path),
  };
}

function describe({ kind, path }: Conflict): string {
  return `${kind}: ${path}`;
}
