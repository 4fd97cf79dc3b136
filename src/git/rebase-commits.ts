import { type Signature, signatureLine } from './commit-object.ts';
import { mergeCommits } from './merge-commits.ts';
import { type ObjectId, parseObjectId } from './object-id.ts';
import { ObjectReader } from './object-reader.ts';
import { gitArguments, type Repository } from './repository.ts';
import { StagedObjects } from './staged-objects.ts';

/** What becomes of commits that are made again on top of another: the last of them. */
export type RebasedCommits =
  | { readonly outcome: 'clean'; readonly commit: ObjectId }
  /** `commit` is the first that conflicts with what it is put on. */
  | {
      readonly outcome: 'conflict';
      readonly commit: ObjectId;
      readonly paths: readonly string[];
      readonly messages: readonly string[];
    }
  /** There is a merge among them, which says nothing of how it would go elsewhere. */
  | { readonly outcome: 'has-merges'; readonly commit: ObjectId };

/** What to make again: all that `head` has, and `onto` has not. */
export interface RebaseRequest {
  readonly head: ObjectId;
  readonly onto: ObjectId;
  /** Their authors stay who they were. */
  readonly committer: Signature;
}

/**
 * Makes commits again on top of `onto`, as `git rebase` would, without an index and without a working tree. A commit
 * whose change `onto` has already is left out. No ref moves.
 */
export async function rebaseCommits(
  repository: Repository,
  { head, onto, committer }: RebaseRequest,
): Promise<RebasedCommits> {
  const list = ['rev-list', '--reverse', '--topo-order', '--parents', head, `^${onto}`];
  const lines = (await repository.git.run(gitArguments(repository, list))).toString('latin1').trim();
  const commits = lines === '' ? [] : lines.split('\n').map((line) => line.split(' ').map(parseObjectId));
  const merge = commits.find(({ length }) => length !== 2);
  if (merge !== undefined) return { outcome: 'has-merges', commit: merge[0]! };
  const reader = await ObjectReader.open(repository);
  try {
    const objects = new StagedObjects(repository, reader);
    let tip = onto;
    for (const [commit, parent] of commits as [ObjectId, ObjectId][]) {
      const trees = {
        before: await objects.treeOfCommit(parent),
        after: await objects.treeOfCommit(commit),
        onto: await objects.treeOfCommit(tip),
      };
      const merged = await applyChange(repository, objects, trees, committer);
      if (merged.outcome === 'conflict') return { ...merged, commit };
      if (merged.tree === trees.onto && trees.before !== trees.after) continue;
      const again = madeAgain(await objects.read(commit, 'commit'), { tree: merged.tree, tip, committer });
      tip = await objects.add('commit', again);
    }
    await objects.flush();
    return { outcome: 'clean', commit: tip };
  } finally {
    await reader.close();
  }
}

interface Trees {
  readonly before: ObjectId;
  readonly after: ObjectId;
  readonly onto: ObjectId;
}

/** Merges what lies between two trees into a third. */
async function applyChange(
  repository: Repository,
  objects: StagedObjects,
  { before, after, onto }: Trees,
  by: Signature,
): ReturnType<typeof mergeCommits> {
  if (before === onto) return { outcome: 'clean', tree: after };
  // Before git 2.40, merge-tree takes no base: it is that of two commits which are made for it.
  const signature = signatureLine(by);
  const commit = (tree: ObjectId, parent?: ObjectId) => {
    const head = `tree ${tree}\n${parent === undefined ? '' : `parent ${parent}\n`}`;
    const text = `${head}author ${signature}\ncommitter ${signature}\n\nfor a merge\n`;
    return objects.add('commit', Buffer.from(text));
  };
  const base = await commit(before);
  const [ours, theirs] = [await commit(onto, base), await commit(after, base)];
  await objects.flush();
  return mergeCommits(repository, ours, theirs);
}

/** The same commit elsewhere. A signature of it as it was would be wrong now. */
function madeAgain(
  bytes: Buffer,
  { tree, tip, committer }: { tree: ObjectId; tip: ObjectId; committer: Signature },
): Buffer {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\n\n');
  const signature = Buffer.from(signatureLine(committer)).toString('latin1');
  const headers = `\n${text.slice(0, end)}`
    .replace(/\ntree [^\n]*/, `\ntree ${tree}`)
    .replace(/\nparent [^\n]*/, `\nparent ${tip}`)
    .replace(/\ncommitter [^\n]*/, () => `\ncommitter ${signature}`)
    .replace(/\ngpgsig(?:-sha256)? [^\n]*(?:\n [^\n]*)*/g, '');
  return Buffer.from(headers.slice(1) + text.slice(end), 'latin1');
}
