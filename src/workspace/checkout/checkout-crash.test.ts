import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../../base/error.ts';
import type { Hash } from '../../base/hash.ts';
import { DirectoryStore } from '../../storage/directory/directory-store.ts';
import { contentIn, described, temporaryDirectory } from '../fixtures.ts';
import { createCheckout, openCheckout } from './checkout.ts';
import { onDisk, treeOf } from './checkout-fixtures.ts';

const before = {
  '.gitignore': '644 *.log\n',
  edited: '644 before',
  mode: '644 m',
  'gone/x': '644 x',
  kind: '644 file',
  'to-file/x': '644 x',
  'kept.log': '644 1',
};
const after = {
  '.gitignore': '644 *.log\n',
  edited: '644 after',
  mode: '755 m',
  'new/y.log': '644 y',
  kind: '-> target',
  'to-file': '644 now a file',
  'kept.log': '644 2',
};

const processesAtOnce = 2;
const stepsMax = 200;

/** Runs the workload in a process that dies at step `kill`; false when it came to its end first. */
async function diesAt(
  kill: number,
  action: string,
  store: string,
  workspace: string,
  tree: Hash,
): Promise<boolean> {
  const workload = new URL('./checkout-workload.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [workload, String(kill), action, store, workspace, tree], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // Compiled once for all of them: most of a process's life is that.
    env: { ...process.env, NODE_COMPILE_CACHE: join(store, '../compiled') },
  });
  const [code, signal] = await once(child, 'exit');
  assert.ok(signal === 'SIGKILL' || code === 0, `step ${kill} ended with ${code ?? signal}`);
  return signal === 'SIGKILL';
}

/** Tries every step, several at a time, until one is not reached; returns how many there were. */
async function atEveryStep(attempt: (kill: number) => Promise<boolean>): Promise<number> {
  let next = 1;
  let ended = false;
  await Promise.all(
    Array.from({ length: processesAtOnce }, async () => {
      while (!ended && next < stepsMax) if (!(await attempt(next++))) ended = true;
    }),
  );
  return next - 1;
}

test('an update that was killed leaves each path as it was or as it shall be, and can be done again', async (context) => {
  const base = temporaryDirectory(context);
  const store = join(base, 'store');
  const setup = contentIn(new DirectoryStore(store));
  const [from, to] = [await treeOf(setup, before), await treeOf(setup, after)];
  const [old, wanted] = [await described(setup, from), await described(setup, to)];
  const steps = await atEveryStep(async (kill) => {
    const content = contentIn(new DirectoryStore(store));
    const root = join(base, `w${kill}`);
    await createCheckout(content, root, from, null);
    writeFileSync(join(root, 'mine.log'), 'ignored');
    const died = await diesAt(kill, 'update', store, root, to);
    const checkout = openCheckout(content, root);
    const middle = await described(content, (await checkout.snapshot()).tree);
    for (const path of new Set([...Object.keys(old), ...Object.keys(wanted), ...Object.keys(middle)])) {
      const is = middle[path];
      assert.ok(is === old[path] || is === wanted[path], `step ${kill}: "${path}" is ${is}`);
    }
    // Nothing is missing that neither tree misses: what was taken away to be replaced has been put back.
    for (const path of Object.keys(old))
      if (path in wanted) assert.ok(path in middle, `step ${kill}: no ${path}`);
    await checkout.update(to);
    assert.equal((await checkout.snapshot()).tree, to, `step ${kill}`);
    assert.deepEqual(onDisk(root), { ...wanted, 'mine.log': '644 ignored' }, `step ${kill}`);
    return died;
  });
  assert.ok(steps > 25, `only ${steps} steps`);
});

test('a checkout whose making was killed is none, and can be made again in its place', async (context) => {
  const base = temporaryDirectory(context);
  const store = join(base, 'store');
  const setup = contentIn(new DirectoryStore(store));
  const tree = await treeOf(setup, before);
  const wanted = await described(setup, tree);
  const steps = await atEveryStep(async (kill) => {
    const content = contentIn(new DirectoryStore(store));
    const root = join(base, `w${kill}`);
    const died = await diesAt(kill, 'create', store, root, tree);
    if (died) {
      await createCheckout(content, root, tree, null).catch((error: unknown) => {
        // Killed after the last word was written: it is finished.
        assert.ok(hasCode(error, 'workspace/not-empty'), String(error));
      });
    }
    assert.deepEqual(onDisk(root), wanted, `step ${kill}`);
    assert.equal((await openCheckout(content, root).snapshot()).tree, tree, `step ${kill}`);
    return died;
  });
  assert.ok(steps > 15, `only ${steps} steps`);
});
