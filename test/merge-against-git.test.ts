import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AttributeDirectories } from '../bench/replay/attribute-directories.ts';
import { gitMerges, mergeCommits } from '../bench/replay/git-merges.ts';
import { GitObjects } from '../bench/replay/git-objects.ts';
import { type GitContext, gitOutput } from '../bench/replay/git-process.ts';
import { LandingEngine } from '../bench/replay/landing-engine.ts';
import type { MergeEngine } from '../bench/replay/merge-engine.ts';
import { mergeOnlyEngine } from '../bench/replay/merge-only-engine.ts';
import { type ReplayedMerge, replayMerges } from '../bench/replay/replay.ts';
import { type ScratchObjects, scratchObjects } from '../bench/replay/scratch-objects.ts';
import { SeededRandom } from '../bench/replay/seeded-random.ts';
import { editedText, type SyntheticTree, syntheticText } from '../bench/replay/synthetic-files.ts';
import { attributesHistory, FastImport, syntheticHistory } from '../bench/replay/synthetic-history.ts';
import { mergeText } from '../src/merge/text-merge.ts';

const scratch = mkdtempSync(join(tmpdir(), 'micelio-merge-'));
after(() => rmSync(scratch, { recursive: true }));

async function repositoryOf(name: string, history: Buffer): Promise<GitContext> {
  const repository = join(scratch, name);
  await gitOutput({ repository: scratch, environment: process.env }, [
    'init',
    '--quiet',
    '--bare',
    '-b',
    'main',
    name,
  ]);
  const context = { repository, environment: process.env };
  await gitOutput(context, ['fast-import', '--quiet', '--done'], history);
  return context;
}

/** Files of `a`, `b` and other short lines, in which nearly every alignment is possible. */
function hardText(random: SeededRandom): string {
  const alphabet = random.pick(['a', 'ab', 'abc', 'abcdefgh']);
  return Array.from({ length: random.below(30) }, () => `${random.pick([...alphabet])}\n`).join('');
}

function hardEdit(random: SeededRandom, text: string): string {
  const lines = text.split('\n').slice(0, -1);
  for (let edit = random.below(5); edit > 0; edit--) {
    const added = Array.from({ length: random.below(4) }, () => random.pick([...'abcxy']));
    lines.splice(random.below(lines.length + 1), random.below(4), ...added);
  }
  const result = lines.map((line) => `${line}\n`).join('');
  return random.chance(0.1) ? result.slice(0, -1) : result;
}

test('text merges to the same bytes as with git, conflict markers included', async () => {
  const random = new SeededRandom(20);
  const base: SyntheticTree = new Map();
  const ours: SyntheticTree = new Map();
  const theirs: SyntheticTree = new Map();
  for (let file = 0; file < 1500; file++) {
    const hard = file % 2 === 0;
    const text = hard ? hardText(random) : syntheticText(random, 40);
    const edit = () => (hard ? hardEdit(random, text) : editedText(random, text, random.below(6)));
    for (const [tree, content] of [
      [base, text],
      [ours, edit()],
      [theirs, edit()],
    ] as const) {
      tree.set(`${file}`, { mode: '100644', content });
    }
  }
  const stream = new FastImport();
  const baseMark = stream.commit(base, []);
  const marks = [stream.commit(ours, [baseMark]), stream.commit(theirs, [baseMark])];
  stream.commit(ours, marks);
  const context = await repositoryOf('text', stream.end());
  const objects = new GitObjects(context);
  const [oursId, theirsId] = (await objects.commit('main')).parents;
  const environment = { ...process.env, GIT_DIR: context.repository };
  const [git] = await gitMerges({ ...context, environment }, [
    { commit: '', ours: oursId!, theirs: theirsId!, attributes: scratch },
  ]);
  assert.equal(git?.outcome, 'conflict');
  const conflicted = new Set(git.conflicted);
  assert.ok(conflicted.size > 100 && conflicted.size < 1400);

  const labels = { ours: oursId!, base: '', theirs: theirsId! };
  for (const path of base.keys()) {
    const [one, two, three] = [base, ours, theirs].map((tree) =>
      Buffer.from(tree.get(path)!.content, 'latin1'),
    );
    const merged = mergeText({ base: one!, ours: two!, theirs: three! }, { labels });
    assert.ok(merged.outcome !== 'unmergeable');
    const expected = await objects.read(`${git.tree}:${path}`);
    assert.equal(Buffer.from(merged.bytes).toString('latin1'), expected.toString('latin1'), path);
    // Git never asks for the content of a file that both sides changed alike.
    if (!two!.equals(three!)) assert.equal(merged.outcome === 'conflict', conflicted.has(path), path);
  }
  objects.close();
});

type MakeEngine = (context: GitContext, beside: ScratchObjects) => MergeEngine;

const anyMerges = (merges: number) => syntheticHistory({ seed: 7, merges, files: 30, changesMax: 8 });

/** Replays the merges of a history, and returns them. */
async function replayed(name: string, history: Buffer, makeEngine: MakeEngine): Promise<ReplayedMerge[]> {
  const context = await repositoryOf(name, history);
  const objects = new GitObjects(context);
  const beside = await scratchObjects(context, join(scratch, `${name}-objects`));
  const engine = makeEngine(context, beside);
  const attributes = new AttributeDirectories(context, objects, join(scratch, `${name}-attributes`));
  const mergeContext = beside.context;
  const options = { context, mergeContext, objects, attributes, engine, concurrency: 2 };
  const commits = await mergeCommits(context, undefined);
  const all = await Array.fromAsync(replayMerges(commits, options));
  await engine.close();
  attributes.close();
  objects.close();
  // Git itself gives up on some of these histories.
  const compared = all.filter(({ verdict, reason }) => !(verdict === 'failed' && reason.startsWith('git:')));
  for (const { commit, verdict, reason } of compared) assert.equal(verdict, 'same', `${commit} ${reason}`);
  const conflicts = compared.filter(({ conflict }) => conflict).length;
  assert.ok(conflicts > all.length / 5 && conflicts < (all.length * 4) / 5);
  return compared;
}

test('merge commits of all kinds replay as git merges them', async () => {
  const merges = await replayed('trees', anyMerges(250), mergeOnlyEngine);
  const conflicts = merges.filter(({ conflict }) => conflict);
  // Where proposals differ, git's tree lacks a file, or has a file and a directory of one name.
  assert.ok(conflicts.filter(({ sameProposal }) => sameProposal).length / conflicts.length > 0.95);
});

test('merge commits of all kinds land as git merges them, with and without path filters', async () => {
  const store = join(scratch, 'store');
  const makeEngine: MakeEngine = (_, { repository }) => new LandingEngine(repository, store);
  const merges = await replayed('landings', anyMerges(150), makeEngine);
  const passed = merges.filter(({ filtered }) => filtered).length;
  assert.ok(passed > 0 && passed < merges.length);
});

test('merges land as git merges them where attributes decide', async () => {
  const store = join(scratch, 'attributes-store');
  await replayed(
    'attributes',
    attributesHistory(5, 150),
    (_, { repository }) => new LandingEngine(repository, store),
  );
});
