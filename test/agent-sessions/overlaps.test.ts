import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { HubScratch } from './hub-scratch.ts';

interface Status {
  readonly sessions: readonly { readonly slug: string }[];
  readonly overlaps: readonly {
    readonly path: string;
    readonly sessions: readonly string[];
    readonly planned: readonly string[];
  }[];
}

test('mic status warns of files that several sessions change, wherever they work and before anything has landed', async () => {
  const scratch = await HubScratch.create();
  const overlaps = async () => (await scratch.json<Status>(['status'], { in: scratch.hub })).overlaps;
  const [clone, worktree, pushed] = [
    await scratch.started('one', '--slug=2025-10-14-one', '--workspace=clone'),
    await scratch.started('two', '--slug=2025-10-14-two', '--workspace=worktree'),
    await scratch.started('three', '--slug=2025-10-14-three', '--workspace=clone'),
  ];
  const plain = await scratch.mic(['status'], { in: scratch.hub });
  assert.match(plain.stdout, /3 sessions at work/);
  assert.doesNotMatch(plain.stdout, /changed by several/);

  // Not committed, committed, and pushed from a workspace that is not on this machine any more.
  await scratch.bash('echo one >> src/a.c; echo one > new.txt; echo one > only-one.txt', {
    in: clone.workspace,
  });
  await scratch.bash(
    `echo two >> src/a.c; git commit -qam '[${worktree.slug}] feat: two'; echo two > new.txt; git add new.txt`,
    { in: worktree.workspace },
  );
  await scratch.bash(
    `git mv src/a.c src/b.c; git commit -qm '[${pushed.slug}] feat: three'; git push -q upstream HEAD`,
    { in: pushed.workspace },
  );
  rmSync(pushed.workspace, { recursive: true });
  assert.deepEqual(await overlaps(), [
    { path: 'new.txt', sessions: [clone.slug, worktree.slug], planned: [] },
    { path: 'src/a.c', sessions: [clone.slug, pushed.slug, worktree.slug], planned: [] },
  ]);
  const { stdout } = await scratch.mic(['status'], { in: worktree.workspace });
  assert.match(
    stdout,
    /^2 files changed or planned by several of them:\n {2}new\.txt {2}\(2025-10-14-one, 2025-10-14-two\)$/m,
  );

  // What has landed is no overlap any more: it is what the others sync with.
  await scratch.bash(`git commit -qm '[${worktree.slug}] feat: new'`, { in: worktree.workspace });
  await scratch.mic(['session', 'complete'], { in: worktree.workspace });
  assert.deepEqual(await overlaps(), [{ path: 'src/a.c', sessions: [clone.slug, pushed.slug], planned: [] }]);
});

test('and of files that plans name, before anybody has changed them', async () => {
  const scratch = await HubScratch.create();
  const start = (name: string, goal: string) =>
    scratch.started(name, `--goal=${goal}`, `--slug=2025-10-14-${name}`);
  const one = await start('one', 'Make `src/a.c` faster');
  const two = await start('two', 'Describe what is in `src/` and `docs/guide.md`');
  const three = await start('three', 'Mend a.c');
  const overlaps = async () => (await scratch.json<Status>(['status'], { in: scratch.hub })).overlaps;
  assert.deepEqual(await overlaps(), [{ path: 'src/a.c', sessions: [], planned: [one.slug, two.slug] }]);
  await scratch.bash('echo b > src/b.c; mkdir docs; echo guide > docs/guide.md', { in: three.workspace });
  await scratch.bash('echo faster >> src/a.c', { in: one.workspace });
  assert.deepEqual(await overlaps(), [
    { path: 'docs/guide.md', sessions: [three.slug], planned: [two.slug] },
    { path: 'src/a.c', sessions: [one.slug], planned: [two.slug] },
    { path: 'src/b.c', sessions: [three.slug], planned: [two.slug] },
  ]);
  const { stdout } = await scratch.mic(['status'], { in: scratch.hub });
  assert.match(stdout, /^ {2}src\/a\.c {2}\(2025-10-14-one, 2025-10-14-two plans to\)$/m);
});
