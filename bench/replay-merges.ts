import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mergeCommits } from './replay/git-merges.ts';
import { GitObjects } from './replay/git-objects.ts';
import { type GitContext, gitOutput } from './replay/git-process.ts';
import { type ReplayedMerge, replayMerges, type Verdict } from './replay/replay.ts';
import { treeMergeEngine } from './replay/tree-merge-engine.ts';

const usage = `Usage: npm run replay-merges -- REPO [--last N | --list FILE] [--json]

Merges the parents of the repository's merge commits again, with our merge and with git's, and compares. The
repository is only read.

  --last N     the last N merge commits of HEAD (all of them otherwise)
  --list FILE  the merge commits named in FILE, one id a line
  --json       counts and disagreements as JSON

Exit code: 0 when all were replayed, whatever came out; 1 when that was not possible; 2 for wrong usage.`;

interface Options {
  readonly repository: string;
  readonly last: number | undefined;
  readonly list: string | undefined;
  readonly json: boolean;
}

type Counts = Record<'total' | Verdict | 'sameConflict' | 'sameProposal', number>;

interface Report {
  readonly counts: Counts;
  readonly disagreements: readonly ReplayedMerge[];
  readonly seconds: number;
}

const disagreeing: ReadonlySet<Verdict> = new Set<Verdict>([
  'extraConflict',
  'missedConflict',
  'differentTree',
  'failed',
]);

function parseOptions(): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        last: { type: 'string' },
        list: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const [repository, ...more] = positionals;
    const last = values.last === undefined ? undefined : Number(values.last);
    if (
      repository === undefined ||
      more.length > 0 ||
      (values.last !== undefined && values.list !== undefined)
    ) {
      return undefined;
    }
    if (last !== undefined && !(Number.isInteger(last) && last > 0)) return undefined;
    return { repository: resolve(repository), last, list: values.list, json: values.json };
  } catch {
    return undefined;
  }
}

async function report(options: Options): Promise<Report> {
  const context: GitContext = { repository: options.repository, environment: process.env };
  const started = performance.now();
  const scratch = await mkdtemp(join(tmpdir(), 'micelio-replay-'));
  const mergeContext = await contextWithScratchObjects(context, scratch);
  const objects = new GitObjects(context);
  const engine = treeMergeEngine(context);
  const counts = emptyCounts();
  const disagreements: ReplayedMerge[] = [];
  try {
    const commits =
      options.list === undefined
        ? await mergeCommits(context, options.last)
        : (await readFile(options.list, 'utf8')).split(/\s+/).filter(Boolean);
    const concurrency = Math.max(2, availableParallelism());
    for await (const merge of replayMerges(commits, {
      context,
      mergeContext,
      objects,
      engine,
      concurrency,
    })) {
      counts.total++;
      counts[merge.verdict]++;
      if (merge.conflict) counts.sameConflict++;
      if (merge.conflict && merge.sameProposal) counts.sameProposal++;
      if (disagreeing.has(merge.verdict)) disagreements.push(merge);
      if (process.stderr.isTTY) process.stderr.write(`\r${counts.total} of ${commits.length} merges`);
    }
    if (process.stderr.isTTY) process.stderr.write('\n');
  } finally {
    engine.close();
    objects.close();
    await rm(scratch, { recursive: true, force: true });
  }
  return { counts, disagreements, seconds: (performance.now() - started) / 1000 };
}

/** Git writes what it merges; here it writes beside the repository, which stays as it is. */
async function contextWithScratchObjects(context: GitContext, scratch: string): Promise<GitContext> {
  const path = (await gitOutput(context, ['rev-parse', '--git-path', 'objects'])).toString().trim();
  const own = resolve(context.repository, path);
  const alternates = [own, process.env.GIT_ALTERNATE_OBJECT_DIRECTORIES].filter(Boolean).join(':');
  return {
    ...context,
    environment: {
      ...context.environment,
      GIT_OBJECT_DIRECTORY: scratch,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates,
    },
  };
}

function emptyCounts(): Counts {
  return {
    total: 0,
    same: 0,
    extraConflict: 0,
    missedConflict: 0,
    differentTree: 0,
    severalBases: 0,
    noBase: 0,
    octopus: 0,
    failed: 0,
    sameConflict: 0,
    sameProposal: 0,
  };
}

function print({ counts, disagreements, seconds }: Report): void {
  for (const { commit, verdict, reason } of disagreements) console.log(`${commit}  ${verdict}  ${reason}`);
  const compared = counts.total - counts.severalBases - counts.noBase - counts.octopus;
  const share = compared === 0 ? '' : ` (${((100 * counts.same) / compared).toFixed(2)} % of those compared)`;
  console.log(`total           ${counts.total}`);
  console.log(`same            ${counts.same}${share}`);
  console.log(`extraConflict   ${counts.extraConflict}`);
  console.log(`missedConflict  ${counts.missedConflict}`);
  console.log(`differentTree   ${counts.differentTree}`);
  console.log(`severalBases    ${counts.severalBases}`);
  console.log(`noBase          ${counts.noBase}`);
  console.log(`octopus         ${counts.octopus}`);
  console.log(`failed          ${counts.failed}`);
  console.log(
    `Of the same, ${counts.sameConflict} are conflicts; the proposed tree is git's in ${counts.sameProposal}.`,
  );
  console.log(`${seconds.toFixed(1)} s, ${(counts.total / seconds).toFixed(1)} merges/s`);
}

const options = parseOptions();
if (options === undefined) {
  console.error(usage);
  process.exitCode = 2;
} else {
  try {
    const { counts, disagreements, seconds } = await report(options);
    if (options.json) console.log(JSON.stringify({ ...counts, seconds, disagreements }, undefined, 2));
    else print({ counts, disagreements, seconds });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
