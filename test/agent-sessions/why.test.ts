import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HubScratch } from './hub-scratch.ts';

interface Why {
  readonly commit: { readonly id: string } | null;
  readonly session: { readonly slug: string; readonly title: string } | null;
}

test('the session behind a line is found in the hub, a clone with little history, and a worktree', async () => {
  const scratch = await HubScratch.create();
  const one = await scratch.started('Say hello', '--criterion=It is said');
  writeFileSync(join(one.workspace, 'src/hello.c'), 'hello\n');
  await scratch.git(['add', '-A'], one.workspace);
  await scratch.git(['commit', '-qm', `[${one.slug}] feat: say it`], one.workspace);
  await scratch.mic(['session', 'complete', one.slug, '--unmet=a test'], { in: one.workspace });
  const landed = await scratch.says('log', '-1', '--format=%H', '--', 'src/hello.c');
  // Main goes on, so that a clone of one commit does not have that which wrote the line.
  await scratch.git(['commit', '-q', '--allow-empty', '-m', 'others'], scratch.hub);
  const clone = await scratch.started('In a clone', '--workspace=clone');
  const worktree = await scratch.started('In a worktree', '--workspace=worktree');
  for (const place of [scratch.hub, clone.workspace, worktree.workspace])
    for (const what of ['src/hello.c:1', 'src/hello.c']) {
      const why = await scratch.json<Why>(['why', what], { in: place });
      assert.equal(why.commit?.id, landed, `${what} in ${place}`);
      assert.deepEqual([why.session?.slug, why.session?.title], [one.slug, 'Say hello']);
    }
  const { stdout } = await scratch.mic(['why', 'hello.c:1'], { in: join(clone.workspace, 'src') });
  assert.match(
    stdout,
    new RegExp(`Session: ${one.slug}  Say hello\\n.*\\n?Next: +mic session show ${one.slug}`),
  );
  // What the session itself has written, committed or not.
  appendFileSync(join(clone.workspace, 'src/hello.c'), 'mine\n');
  const own = () => scratch.json<Why>(['why', 'src/hello.c:2'], { in: clone.workspace });
  assert.equal((await own()).commit, null);
  await scratch.git(['commit', '-qam', `[${clone.slug}] feat: more`], clone.workspace);
  assert.equal((await own()).session?.slug, clone.slug);
  await scratch.git(
    ['clone', '-q', '--bare', scratch.hub, join(scratch.directory, 'bare')],
    scratch.directory,
  );
  const bare = { in: join(scratch.directory, 'bare') };
  assert.equal((await scratch.json<Why>(['why', 'src/hello.c:1'], bare)).session?.slug, one.slug);
  // In the hub, nobody's session.
  appendFileSync(join(scratch.hub, 'README.md'), 'by hand\n');
  const byHand = await scratch.mic(['why', 'README.md:2'], { in: scratch.hub });
  assert.equal(byHand.stdout, 'Not committed yet.\n\nREADME.md:2: by hand\n');
  const outside = await scratch.mic(['why', 'README.md:99'], { in: scratch.hub, exit: 3 });
  assert.match(outside.stderr, /has only 2 lines/);
});
