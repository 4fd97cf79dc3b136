import { isAncestor } from '../../git/ancestry.ts';
import { gitMode } from '../../git/git-tree.ts';
import { GitTreeEdit } from '../../git/git-tree-edit.ts';
import { type MergedCommits, mergeCommits } from '../../git/merge-commits.ts';
import { type ObjectId, parseObjectId } from '../../git/object-id.ts';
import { ObjectReader } from '../../git/object-reader.ts';
import { readRefs } from '../../git/refs.ts';
import { gitArguments, type Repository } from '../../git/repository.ts';
import { StagedObjects } from '../../git/staged-objects.ts';
import { withTrailers } from '../../git/trailers.ts';
import type { GitLedgerLayout } from '../../ledger/git/layout.ts';
import type { Slug } from '../../session/plan/slug.ts';
import type { Agent } from '../../session/session.ts';
import type { TreePath } from '../../tree/path.ts';
import { keptRefs } from '../../workspace/git/keep-work.ts';

/** The trailer of what lands: the session's commit that it is of. */
const landedKey = 'Session-Commit';

/** Paths of a git diff, as git prints them with `-z`. */
export interface ChangedPath {
  readonly status: string;
  readonly path: string;
}

/** The files that differ between two commits or trees, without guessing renames: all, or those in the directory `below`. */
export async function changedPaths(
  repository: Repository,
  from: ObjectId,
  to: ObjectId,
  below?: TreePath,
): Promise<ChangedPath[]> {
  const command = ['--literal-pathspecs', 'diff-tree', '-r', '-z', '--no-renames', '--name-status', from, to];
  const args = gitArguments(repository, below === undefined ? command : [...command, '--', below]);
  const fields = (await repository.git.run(args)).toString('utf8').split('\0');
  const changes: ChangedPath[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) changes.push({ status: fields[i]!, path: fields[i + 1]! });
  return changes;
}

/** What a session's commits come to on top of main. */
export type SessionChanges =
  | {
      readonly outcome: 'clean';
      /** The files of main with the session's changes, but for the folders of sessions, which are main's. */
      readonly tree: ObjectId;
      /** What the session's commits made of the files in its own folder; undefined: removed. By their paths in it. */
      readonly own: ReadonlyMap<TreePath, Buffer | undefined>;
    }
  | { readonly outcome: 'conflict'; readonly paths: readonly string[]; readonly messages: readonly string[] };

export interface SessionBranch {
  readonly slug: Slug;
  /** The newest commit of the session; the hub has it. */
  readonly head: ObjectId;
  readonly main: ObjectId;
}

/**
 * Merges a session's commits into main, as objects that nothing refers to yet. What they change in the session's own
 * folder is taken out: the ledger brings it along when the folder moves.
 */
export async function mergeSession(
  repository: Repository,
  layout: GitLedgerLayout,
  branch: SessionBranch & { readonly agent: Agent },
): Promise<SessionChanges> {
  const { slug, head, main } = branch;
  const { commit } = await mainWithLanded(repository, layout, branch);
  const merged = await mergeCommits(repository, commit, head);
  const folder = layout.session('active', slug);
  // Somebody may have moved the folder or written to it on main: its files are merged by whoever writes them.
  const elsewhere =
    merged.outcome === 'clean' ? [] : merged.paths.filter((path) => !path.startsWith(`${folder}/`));
  if (merged.outcome === 'conflict' && elsewhere.length > 0) {
    return { outcome: 'conflict', paths: elsewhere, messages: merged.messages };
  }
  const own = await ownFiles(repository, folder, { head, main, merged });
  return { outcome: 'clean', tree: await withFolderOf(repository, merged.tree, main, layout.sessions), own };
}

export interface MainWithLanded {
  readonly commit: ObjectId;
  /** The newest commit of the session that main has what it holds of; undefined where nothing has landed that is not merged. */
  readonly landed: ObjectId | undefined;
}

/**
 * Main, as if what has landed of a session had come by a merge, and not as one commit: so its next commits are compared with
 * what landed, and not with where it began. Main itself where nothing did, or the session's branch has it already; else a
 * commit that nothing refers to. What is only in the session's own folder has not landed, and is in it all the same.
 */
export async function mainWithLanded(
  repository: Repository,
  layout: GitLedgerLayout,
  branch: SessionBranch & { readonly agent: Agent },
): Promise<MainWithLanded> {
  const { slug, main, agent } = branch;
  const landed = await landedBefore(repository, branch);
  if (landed === undefined) return { commit: main, landed };
  const folder = layout.session('active', slug);
  const merged = await mergeCommits(repository, main, landed);
  const own = await ownFiles(repository, folder, { head: landed, main, merged });
  const conflicted = new Set(merged.outcome === 'conflict' ? merged.paths : []);
  const tree = await editTree(repository, await treeOfCommit(repository, main), async (edit, objects) => {
    const after = await new GitTreeEdit(repository, objects, merged.tree).before(folder);
    edit.setDirectory(folder, after?.id);
    for (const [name, content] of own) {
      const path = `${folder}/${name}` as TreePath;
      if (!conflicted.has(path)) continue;
      const id = content && (await objects.add('blob', content));
      edit.set(path, id && { mode: gitMode.file, id });
    }
  });
  const message = `[${slug}] merge: bring in main`;
  const commit = await commitTree(repository, { tree, parents: [main, landed], message, agent });
  return { commit, landed };
}

/** Whether main has `head`, or says of it or of a commit upon it that it is what landed. */
export async function hasLanded(
  repository: Repository,
  { slug, head, main }: SessionBranch,
): Promise<boolean> {
  if (await isAncestor(repository, head, main)) return true;
  // One that the repository does not have is not known to be upon it.
  for (const landed of await landedCommits(repository, slug, [main]))
    if (await isAncestor(repository, head, landed)) return true;
  return false;
}

/** The commits of which those in `range` say that they are what landed of a session, the newest first. */
async function landedCommits(
  repository: Repository,
  slug: Slug,
  range: readonly string[],
): Promise<readonly ObjectId[]> {
  const format = `--format=%(trailers:key=${landedKey},valueonly)`;
  const args = ['log', '--topo-order', format, `--grep=^Session: ${slug}$`, ...range, '--'];
  const text = (await repository.git.run(gitArguments(repository, args))).toString('latin1');
  const lines = text.split('\n').filter((line) => /^[0-9a-f]{40,64}$/.test(line));
  return lines.map(parseObjectId);
}

/** The newest commit behind `head` of which a commit on main says that it is what landed. */
async function landedBefore(
  repository: Repository,
  { slug, head, main }: SessionBranch,
): Promise<ObjectId | undefined> {
  for (const line of await landedCommits(repository, slug, [main, '--not', head])) {
    // Commits that were made anew meanwhile, as by a rebase, are compared with main as they are.
    if (await isAncestor(repository, line, head)) return line;
  }
  return undefined;
}

/** What becomes of the files in a session's own folder that its commits have changed. */
async function ownFiles(
  repository: Repository,
  folder: TreePath,
  { head, main, merged }: { head: ObjectId; main: ObjectId; merged: MergedCommits },
): Promise<ReadonlyMap<TreePath, Buffer | undefined>> {
  const base = await mergeBase(repository, main, head);
  const conflicted = new Set(merged.outcome === 'conflict' ? merged.paths : []);
  const files = new Map<TreePath, Buffer | undefined>();
  for (const { path } of await changedPaths(repository, base, head, folder)) {
    const content = conflicted.has(path)
      ? both(
          await fileAt(repository, base, path),
          await fileAt(repository, main, path),
          await fileAt(repository, head, path),
        )
      : await fileAt(repository, merged.tree, path);
    files.set(path.slice(folder.length + 1) as TreePath, content);
  }
  return files;
}

/** Main's text, and behind it what the session has added: these files grow at their ends on both sides. */
function both(
  base: Buffer | undefined,
  main: Buffer | undefined,
  head: Buffer | undefined,
): Buffer | undefined {
  if (main === undefined || head === undefined) return main ?? head;
  const common = base !== undefined && head.subarray(0, base.length).equals(base) ? base.length : 0;
  return Buffer.concat([main, head.subarray(common)]);
}

/** `tree` with the folder `path` as it is in the commit `from`. */
function withFolderOf(
  repository: Repository,
  tree: ObjectId,
  from: ObjectId,
  path: TreePath,
): Promise<ObjectId> {
  return editTree(repository, tree, async (edit, objects) => {
    const theirs = await new GitTreeEdit(repository, objects, await objects.treeOfCommit(from)).before(path);
    edit.setDirectory(path, theirs?.id);
  });
}

async function editTree(
  repository: Repository,
  tree: ObjectId,
  change: (edit: GitTreeEdit, objects: StagedObjects) => Promise<void>,
): Promise<ObjectId> {
  const reader = await ObjectReader.open(repository);
  try {
    const objects = new StagedObjects(repository, reader);
    const edit = new GitTreeEdit(repository, objects, tree);
    await change(edit, objects);
    const edited = await edit.write(objects);
    await objects.flush();
    return edited;
  } finally {
    await reader.close();
  }
}

/** The commit that a session started from, or was last brought up to. */
export async function mergeBase(repository: Repository, main: ObjectId, head: ObjectId): Promise<ObjectId> {
  const args = gitArguments(repository, ['merge-base', main, head]);
  return parseObjectId((await repository.git.run(args)).toString('latin1').trim());
}

/** One commit upon main that carries all that a session changed. */
export async function squash(
  repository: Repository,
  commit: {
    readonly slug: Slug;
    readonly tree: ObjectId;
    /** The session's commit that is merged in it. */
    readonly head: ObjectId;
    readonly main: ObjectId;
    readonly message: string;
    readonly agent: Agent;
  },
): Promise<ObjectId> {
  const { slug, tree, head, main, message, agent } = commit;
  const text = withTrailers(message, [
    ['Session', slug],
    ['Agent', `${agent.name} <${agent.email}>`],
    [landedKey, head],
  ]);
  return commitTree(repository, { tree, parents: [main], message: text, agent });
}

async function commitTree(
  repository: Repository,
  commit: {
    readonly tree: ObjectId;
    readonly parents: readonly ObjectId[];
    readonly message: string;
    readonly agent: Agent;
  },
): Promise<ObjectId> {
  const { tree, parents, message, agent } = commit;
  const environment = {
    GIT_AUTHOR_NAME: agent.name,
    GIT_AUTHOR_EMAIL: agent.email,
    GIT_COMMITTER_NAME: agent.name,
    GIT_COMMITTER_EMAIL: agent.email,
  };
  const args = ['commit-tree', ...parents.flatMap((parent) => ['-p', parent]), tree];
  const id = await repository.git.run(gitArguments(repository, args), { input: message, environment });
  return parseObjectId(id.toString('latin1').trim());
}

/** The difference of two commits, as a patch that "git apply" takes, binary files included. */
export function patchBetween(repository: Repository, from: ObjectId, to: ObjectId): Promise<Buffer> {
  return repository.git.run(
    gitArguments(repository, ['diff', '--binary', '--full-index', '--no-color', '--no-ext-diff', from, to]),
  );
}

export async function treeOfCommit(repository: Repository, commit: ObjectId): Promise<ObjectId> {
  const args = gitArguments(repository, ['rev-parse', `${commit}^{tree}`]);
  return parseObjectId((await repository.git.run(args)).toString('latin1').trim());
}

/** A file of a commit; undefined where it has none of that path. */
export async function fileAt(
  repository: Repository,
  commit: ObjectId,
  path: string,
): Promise<Buffer | undefined> {
  const args = gitArguments(repository, ['cat-file', 'blob', `${commit}:${path}`]);
  const { exitCode, stdout } = await repository.git.attempt(args);
  return exitCode === 0 ? stdout : undefined;
}

/** The newest commit that the hub has of a session: kept, or pushed to its branch. Undefined where there is none. */
export async function keptCommit(hub: Repository, slug: Slug): Promise<ObjectId | undefined> {
  const refs = [`refs/heads/session/${slug}`, keptRefs(slug).commits] as const;
  const found = await readRefs(hub, refs);
  const [pushed, kept] = refs.map((ref) => found.get(ref));
  if (pushed === undefined || kept === undefined) return pushed ?? kept;
  const isBehind = await hub.git.attempt(gitArguments(hub, ['merge-base', '--is-ancestor', pushed, kept]));
  return isBehind.exitCode === 0 ? kept : pushed;
}
