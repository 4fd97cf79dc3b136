import { type GitContext, gitOutput, runGit } from './git-process.ts';

/** A merge to replay: its commit, and the two that it merged. */
export interface MergeCase {
  readonly commit: string;
  readonly ours: string;
  readonly theirs: string;
}

/** A merge, and the directory in which git finds the attributes that count in it. */
export interface GitMergeCase extends MergeCase {
  readonly attributes: string;
}

/** What git makes of a merge: the id of the merged tree, which has conflict markers in it if there are conflicts. */
export type GitMerge =
  | { readonly outcome: 'clean' | 'conflict'; readonly tree: string; readonly conflicted: readonly string[] }
  | { readonly outcome: 'failed'; readonly complaint: string };

const mergeTree = ['merge-tree', '--write-tree', '--name-only', '-z', '--no-messages'];

/** Merges a batch with `git merge-tree`, in as few processes as their attributes allow. */
export async function gitMerges(context: GitContext, cases: readonly GitMergeCase[]): Promise<GitMerge[]> {
  const merges = new Map<GitMergeCase, GitMerge>();
  for (const [attributes, group] of Map.groupBy(cases, (one) => one.attributes)) {
    const results = await gitMergesIn(checkedOut(context, attributes), group);
    for (const [i, result] of results.entries()) merges.set(group[i]!, result);
  }
  return cases.map((one) => merges.get(one)!);
}

/** Merges in one process, where git does not stumble over one of them. */
async function gitMergesIn(context: GitContext, cases: readonly MergeCase[]): Promise<GitMerge[]> {
  const input = cases.map(({ ours, theirs }) => `${ours} ${theirs}\n`).join('');
  const batch = await runGit(context, [...mergeTree, '--stdin'], input);
  const merges = parseBatch(batch.stdout);
  if (merges.length === cases.length) return merges;
  const singly: GitMerge[] = [];
  for (const one of cases) singly.push(await gitMerge(context, one));
  return singly;
}

/** The repository as if what is in `directory` were checked out. `context` must name its git directory. */
function checkedOut(context: GitContext, directory: string): GitContext {
  return { repository: directory, environment: { ...context.environment, GIT_WORK_TREE: directory } };
}

async function gitMerge(context: GitContext, { ours, theirs }: MergeCase): Promise<GitMerge> {
  const { exitCode, stdout, stderr } = await runGit(context, [...mergeTree, ours, theirs]);
  if (exitCode !== 0 && exitCode !== 1) return { outcome: 'failed', complaint: stderr.trim() };
  const [tree = '', ...conflicted] = stdout.toString('latin1').split('\0').filter(Boolean);
  return { outcome: exitCode === 0 ? 'clean' : 'conflict', tree, conflicted };
}

/** A merge is its status (1 for clean), its tree and its conflicted paths, and an empty string behind them. */
function parseBatch(output: Buffer): GitMerge[] {
  const merges: GitMerge[] = [];
  const tokens = output.toString('latin1').split('\0');
  for (let at = 0; at + 1 < tokens.length; ) {
    const end = tokens.indexOf('', at);
    const [status, tree = '', ...conflicted] = tokens.slice(at, end);
    merges.push({ outcome: status === '1' ? 'clean' : 'conflict', tree, conflicted });
    at = end + 1;
  }
  return merges;
}

/** What git says about the conflicts of a merge, for people. */
export async function gitConflictMessages(
  context: GitContext,
  { ours, theirs, attributes }: GitMergeCase,
): Promise<string[]> {
  const command = ['merge-tree', '--write-tree', '--messages', ours, theirs];
  const { stdout } = await runGit(checkedOut(context, attributes), command);
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line.includes('CONFLICT') || line.startsWith('warning:'));
}

/** All the best common ancestors of two commits. */
export async function mergeBases(context: GitContext, ours: string, theirs: string): Promise<string[]> {
  const { exitCode, stdout, stderr } = await runGit(context, ['merge-base', '--all', ours, theirs]);
  if (exitCode !== 0 && exitCode !== 1) throw new Error(`git merge-base failed: ${stderr.trim()}`);
  return stdout.toString().split('\n').filter(Boolean);
}

/** The ids of the merge commits that a repository's head has behind it, latest first; all branches' without a head. */
export async function mergeCommits(context: GitContext, last: number | undefined): Promise<string[]> {
  const head = await runGit(context, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  const limit = last === undefined ? [] : [`--max-count=${last}`];
  const start = head.exitCode === 0 ? 'HEAD' : '--all';
  const output = await gitOutput(context, ['rev-list', '--merges', ...limit, start]);
  return output.toString().split('\n').filter(Boolean);
}
