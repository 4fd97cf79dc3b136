import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AttributeDirectories } from './replay/attribute-directories.ts';
import { mergeCommits } from './replay/git-merges.ts';
import { GitObjects } from './replay/git-objects.ts';
import type { GitContext } from './replay/git-process.ts';
import { LandingEngine } from './replay/landing-engine.ts';
import { mergeOnlyEngine } from './replay/merge-only-engine.ts';
import { type ReplayedMerge, replayMerges, type Verdict } from './replay/replay.ts';
import { scratchObjects } from './replay/scratch-objects.ts';

const usage = `Usage: npm run replay-merges -- REPO [--last N | --list FILE] [--json] [--engine NAME]

Lands the second parent of each of the repository's merge commits on the first, merges the two with git, and compares.
In both merges the attributes of the first parent count. The repository is only read, and must have all its objects.

  --last N       the last N merge commits of HEAD (all of them otherwise)
  --list FILE    the merge commits named in FILE, one id a line
  --json         counts and disagreements as JSON
  --engine NAME  landing (default): import the commits into a store, and land as a session does
                 merge-only: our merge of trees alone, on git's objects; compares what is proposed in conflicts, too

Exit code: 0 when all were replayed, whatever came out; 1 when that was not possible; 2 for wrong usage.`;

const engines = ['landing', 'merge-only'] as const;

interface Options {
  readonly repository: string;
  readonly last: number | undefined;
  readonly list: string | undefined;
  readonly json: boolean;
  readonly engine: (typeof engines)[number];
}

type Counts = Record<'total' | Verdict | 'sameConflict' | 'sameProposal' | 'filtered', number>;

interface Report {
  readonly counts: Counts;
  readonly disagreements: readonly ReplayedMerge[];
  readonly seconds: number;
}

const disagreeing: ReadonlySet<Verdict> = new Set<Verdict>([
  'extraConflict',
  'missedConflict',
  'differentTree',
  'filterMiss',
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
        engine: { type: 'string', default: 'landing' },
      },
    });
    const [repository, ...more] = positionals;
    const engine = engines.find((name) => name === values.engine);
    const last = values.last === undefined ? undefined : Number(values.last);
    if (
      repository === undefined ||
      engine === undefined ||
      more.length > 0 ||
      (values.last !== undefined && values.list !== undefined)
    ) {
      return undefined;
    }
    if (last !== undefined && !(Number.isInteger(last) && last > 0)) return undefined;
    return { repository: resolve(repository), last, list: values.list, json: values.json, engine };
  } catch {
    return undefined;
  }
}

async function report(options: Options): Promise<Report> {
  const scratch = await mkdtemp(join(tmpdir(), 'micelio-replay-'));
  try {
    return await replayIn(scratch, options);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function replayIn(scratch: string, options: Options): Promise<Report> {
  const context: GitContext = { repository: options.repository, environment: process.env };
  const started = performance.now();
  const commits =
    options.list === undefined
      ? await mergeCommits(context, options.last)
      : (await readFile(options.list, 'utf8')).split(/\s+/).filter(Boolean);
  const git = join(scratch, 'git');
  await mkdir(git);
  const { context: mergeContext, repository } = await scratchObjects(context, git);
  const objects = new GitObjects(context);
  const attributes = new AttributeDirectories(context, objects, join(scratch, 'attributes'));
  const engine =
    options.engine === 'landing'
      ? new LandingEngine(repository, join(scratch, 'store'))
      : mergeOnlyEngine(context);
  const counts = emptyCounts();
  const disagreements: ReplayedMerge[] = [];
  try {
    const concurrency = Math.max(2, availableParallelism());
    for await (const merge of replayMerges(commits, {
      context,
      mergeContext,
      objects,
      attributes,
      engine,
      concurrency,
    })) {
      counts.total++;
      counts[merge.verdict]++;
      if (merge.conflict) counts.sameConflict++;
      if (merge.conflict && merge.sameProposal) counts.sameProposal++;
      if (merge.filtered) counts.filtered++;
      if (disagreeing.has(merge.verdict)) disagreements.push(merge);
      if (process.stderr.isTTY) process.stderr.write(`\r${counts.total} of ${commits.length} merges`);
    }
    if (process.stderr.isTTY) process.stderr.write('\n');
  } finally {
    await engine.close();
    attributes.close();
    objects.close();
  }
  return { counts, disagreements, seconds: (performance.now() - started) / 1000 };
}

function emptyCounts(): Counts {
  return {
    total: 0,
    same: 0,
    extraConflict: 0,
    missedConflict: 0,
    differentTree: 0,
    filterMiss: 0,
    severalBases: 0,
    noBase: 0,
    octopus: 0,
    failed: 0,
    sameConflict: 0,
    sameProposal: 0,
    filtered: 0,
  };
}

function print({ counts, disagreements, seconds }: Report, engine: Options['engine']): void {
  for (const { commit, verdict, reason } of disagreements) console.log(`${commit}  ${verdict}  ${reason}`);
  const compared = counts.total - counts.severalBases - counts.noBase - counts.octopus;
  const share = compared === 0 ? '' : ` (${((100 * counts.same) / compared).toFixed(2)} % of those compared)`;
  console.log(`total           ${counts.total}`);
  console.log(`same            ${counts.same}${share}`);
  console.log(`extraConflict   ${counts.extraConflict}`);
  console.log(`missedConflict  ${counts.missedConflict}`);
  console.log(`differentTree   ${counts.differentTree}`);
  console.log(`filterMiss      ${counts.filterMiss}`);
  console.log(`severalBases    ${counts.severalBases}`);
  console.log(`noBase          ${counts.noBase}`);
  console.log(`octopus         ${counts.octopus}`);
  console.log(`failed          ${counts.failed}`);
  const proposals = engine === 'merge-only' ? `; the proposed tree is git's in ${counts.sameProposal}` : '';
  console.log(`Of the same, ${counts.sameConflict} are conflicts${proposals}.`);
  if (engine === 'landing') console.log(`In ${counts.filtered} path filters tell that nothing can meet.`);
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
    else print({ counts, disagreements, seconds }, options.engine);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
