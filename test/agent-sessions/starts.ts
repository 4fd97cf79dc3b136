import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { HubScratch } from './hub-scratch.ts';

/**
 * Starts `count` sessions at the same moment, all with the same title, each a process of its own that makes a workspace;
 * then the first `completions` of them commit, and are completed at the same moment. Returns how long both took, in ms.
 */
export async function startAtOnce(
  count: number,
  kind: 'clone' | 'worktree',
  completions = count,
): Promise<{ readonly startMs: number; readonly completeMs: number }> {
  const scratch = await HubScratch.create();
  const atOnce = async (times: number, command: (number: number) => string): Promise<number> => {
    const began = performance.now();
    const lines = Array.from({ length: times }, (_, i) => `( ${command(i)} ) & all="$all $!"`);
    const { stderr } = await scratch.bash(`all=\n${lines.join('\n')}\nfor one in $all; do wait $one; done`);
    assert.equal(stderr, '');
    return performance.now() - began;
  };
  const startMs = await atOnce(
    count,
    (i) => `mic session start 'The same' --workspace=${kind} --json > ../started-${i}`,
  );
  const list = async (state: string) =>
    scratch.json<{ slug: string; kept: string[] }[]>(['session', 'list', `--state=${state}`], {
      in: scratch.hub,
    });
  const slugs = (await list('active')).map(({ slug }) => slug);
  assert.equal(new Set(slugs).size, count);
  const directory = kind === 'clone' ? '.sessions' : '.worktrees';
  for (const slug of slugs) assert.ok(existsSync(`${scratch.hub}/${directory}/${slug}/src/a.c`), slug);
  const done = slugs.slice(0, completions);
  const work = done.map(
    (slug) =>
      `(cd ${directory}/${slug} && echo ${slug} > ${slug} && git add ${slug} && git commit -qm "[${slug}] feat: add")`,
  );
  await scratch.bash(work.join('\n'));
  const completeMs = await atOnce(completions, (i) => `mic session complete ${slugs[i]} > /dev/null`);
  assert.equal((await list('completed')).length, completions);
  for (const slug of done) assert.equal(scratch.read(slug), `${slug}\n`);
  const claimed = scratch.read('_AGENTS/sessions/sessions.lock')?.split('\n').filter(Boolean) ?? [];
  assert.deepEqual(claimed.map((line) => line.split(':')[0]).sort(), slugs.slice(completions).sort());
  assert.equal(await scratch.says('status', '--porcelain'), '');
  assert.equal(await scratch.says('rev-list', '--merges', '--count', 'main'), '0');
  const claims = await scratch.says('for-each-ref', '--format=%(refname)', 'refs/claims');
  assert.equal(claims.split('\n').filter(Boolean).length, count - completions);
  await scratch.git(['fsck', '--strict', '--no-dangling'], scratch.hub);
  return { startMs, completeMs };
}
