import type { Hash } from '../../src/base/hash.ts';
import { TreeAttributes } from '../../src/merge/attributes.ts';
import type { MergePort } from '../../src/merge/merge-port.ts';
import { mergeTrees } from '../../src/merge/merge-trees.ts';
import type { Entry, FileEntry } from '../../src/tree/entry.ts';
import type { TreePath } from '../../src/tree/path.ts';
import { GitObjects } from './git-objects.ts';
import type { GitContext } from './git-process.ts';
import type { MergeEngine } from './merge-engine.ts';
import { entryFromGit, TreeComparison } from './tree-changes.ts';
import { editedTreeId, type GitTreeEntry, gitObjectId, parseTree } from './tree-id.ts';

/** Merges with `mergeTrees` on the repository's own objects: trees are compared and read by git, nothing is written. */
export function mergeOnlyEngine(context: GitContext): MergeEngine {
  const objects = new GitObjects(context);
  const comparison = new TreeComparison(context, objects);

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
        port: gitMergePort(objects, baseTree!, oursTree!),
        labels: { ours, base, theirs },
      });
      const tree = await editedTreeId(objects, oursTree!, edits);
      return {
        conflicts: conflicts.map(({ kind, path }) => `${kind}: ${path}`),
        filterMiss: undefined,
        filtered: false,
        differences: async (id) => (id === tree ? [] : [`our tree is ${tree}, git's ${id}`]),
      };
    },
    async close() {
      objects.close();
      comparison.close();
    },
  };
}

function gitMergePort(objects: GitObjects, baseTree: string, oursTree: string): MergePort {
  const written = new Map<Hash, Uint8Array>();
  const readFile = async (file: FileEntry) => written.get(file.hash) ?? (await objects.read(file.hash));
  const attributes = new TreeAttributes({ entry: (path) => entryAt(objects, oursTree, path), readFile });
  return {
    baseEntry: (path) => entryAt(objects, baseTree, path),
    readFile,
    async writeFile(bytes) {
      const hash = gitObjectId('blob', bytes, baseTree.length) as Hash;
      written.set(hash, bytes);
      return { hash, size: bytes.length };
    },
    textDriver: (path) => attributes.textDriver(path),
  };
}

async function entryAt(objects: GitObjects, tree: string, path: TreePath): Promise<Entry | undefined> {
  let entry: Pick<GitTreeEntry, 'mode' | 'id'> | undefined = { mode: 0o040000, id: tree };
  for (const segment of path.split('/')) {
    if (entry?.mode !== 0o040000) return undefined;
    const entries = parseTree(await objects.read(entry.id), tree.length / 2);
    entry = entries.find(({ name }) => name === segment);
  }
  return entry === undefined ? undefined : entryFromGit(entry.mode, entry.id, 0);
}
