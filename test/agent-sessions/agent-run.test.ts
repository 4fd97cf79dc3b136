import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubScratch } from './hub-scratch.ts';

test('a runner says how many sessions were completed, conflicted and failed, and its exit code tells', async () => {
  const scratch = await HubScratch.create();
  const titles = ['good', 'clash', 'break'];
  const slugs: Record<string, string> = {};
  for (const title of titles) slugs[title] = await scratch.planned(title);
  const others = `cd '${scratch.hub}' && echo others > src/a.c && git commit -qam others`;
  const program = `case $SESSION_SLUG in *good) echo x > x;; *clash) echo own > src/a.c; ${others};; *) exit 7;; esac`;
  const run = ['agent', 'run', '--exec', program, '--until-empty', '--attempts=1', '--unmet=it is a test'];
  const first = await scratch.mic(run, { in: scratch.hub, exit: 12 });
  assert.equal(
    first.stdout.trim().split('\n').at(-1),
    'In all: 1 completed, 1 conflicted, 0 failed, 1 given-up.',
  );
  assert.deepEqual(await Promise.all(titles.map((title) => scratch.stateOf(slugs[title]!))), [
    'completed',
    'conflicted',
    'drafting',
  ]);
  // What failed once and then went well is completed.
  await scratch.planned('again');
  const second = ['agent', 'run', '--exec', '[ -e tried ] || { touch tried; exit 7; }', '--json'];
  const { stdout } = await scratch.mic(
    [...second, '--until-empty', '--retry-after=0', '--unmet=it is a test'],
    {
      in: scratch.hub,
    },
  );
  const { summary } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { summary: Record<string, number> };
  assert.deepEqual([summary.completed, summary.conflicted, summary.failed], [1, 0, 0]);
});

test('what a program gives back or abandons is not completed, and said so', async () => {
  const scratch = await HubScratch.create();
  await scratch.planned('one');
  for (const [program, said] of [
    ['mic session release', '1 given-back'],
    ['mic session abandon "$SESSION_SLUG" --why no', '1 abandoned'],
  ]) {
    const run = ['agent', 'run', '--exec', program!, '--once', '--retry-after=0'];
    const { stdout } = await scratch.mic(run, { in: scratch.hub, exit: 12 });
    assert.equal(stdout.trim().split('\n').at(-1), `In all: 0 completed, 0 conflicted, 0 failed, ${said}.`);
  }
});
