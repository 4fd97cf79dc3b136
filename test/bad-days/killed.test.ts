import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ended, Scratch, write } from '../mic.ts';

/** How often each command is killed, at moments that are spread over the time that it takes. */
const kills = 5;

/** What a command does, undisturbed, and killed again and again. */
interface Attempt {
  /** Prepares attempt `n` and says which command is run. */
  readonly prepare: (n: number) => Promise<{ readonly args: readonly string[]; readonly in?: string }>;
  /** Looks, after a kill and after the same command was run once more, at what attempt `n` has left. */
  readonly check: (n: number, first: Ended, again: Ended) => Promise<void>;
  /** What running the command once more may end with. */
  readonly again?: number | 'any';
}

async function killAtManyMoments(
  scratch: Scratch,
  { prepare, check, again: expected = 0 }: Attempt,
): Promise<void> {
  const { args, ...where } = await prepare(0);
  let startedMs = performance.now();
  await scratch.mic(args, where);
  let wholeMs = performance.now() - startedMs;
  for (let n = 1; n <= kills; n++) {
    const { args: words, ...options } = await prepare(n);
    // From about where the program is loaded to a little behind its usual end.
    const ms = wholeMs * (0.25 + (0.85 * n) / kills);
    startedMs = performance.now();
    const first = await scratch.mic(words, {
      ...options,
      exit: 'any',
      onStart: (child) => void delay(ms).then(() => child.kill('SIGKILL')),
    });
    if (first.code === 0) wholeMs = Math.min(wholeMs, performance.now() - startedMs);
    assert.ok(first.code === undefined || first.code === 0, `${first.code}: ${first.stderr}`);
    await scratch.requireWhole();
    await check(n, first, await scratch.mic(words, { ...options, exit: expected }));
  }
  await scratch.requireWhole();
}

const fileCount = 120;
const manyFiles = (word: string): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: fileCount }, (_, i) => [`${i % 10}/${i}.txt`, `${word} ${i}\n`.repeat(50)]),
  );

/** Fails unless two directories hold the same files. */
const requireSame = (scratch: Scratch, one: string, other: string): Promise<unknown> =>
  scratch.run('diff', ['-r', '--exclude=.micelio-session', one, other]);

describe('killed with -9', { concurrency: 2 }, () => {
  test('an import leaves a store that is whole, and is done by the same command', async () => {
    const scratch = new Scratch('killed');
    const from = await scratch.repository('from', manyFiles('import'));
    const trees = new Set<string>();
    await killAtManyMoments(scratch, {
      // What was imported last is known to the store, so each imports something of its own.
      async prepare(n) {
        write(join(from, 'n.txt'), `${n}`);
        for (let i = 0; i < fileCount; i += 2)
          write(join(from, `${i % 10}/${i}.txt`), `${n} ${i}\n`.repeat(50));
        await scratch.commit(from, `${n}`);
        return { args: ['project', 'create', `acme/p${n}`, `--from=${from}`] };
      },
      again: 'any',
      async check(n, first, again) {
        assert.ok(first.code !== 0 || again.code === 4, 'what is there is not made again');
        assert.ok(again.code === 0 || again.code === 4, again.stderr);
        const { tree, sequence } = await scratch.json<{ tree: string; sequence: number }>([
          'project',
          'show',
          `acme/p${n}`,
        ]);
        assert.equal(sequence, 1);
        trees.add(tree);
        if (n !== kills) return;
        await scratch.mic(['project', 'export', `acme/p${n}`, '--to=imported']);
        await scratch.run('diff', ['-r', '--exclude=.git', from, join(scratch.directory, 'imported')]);
      },
    });
    assert.equal(trees.size, kills);
  });

  test('a checkpoint leaves the session as it was or as it is, and none that was acknowledged is lost', async () => {
    const scratch = new Scratch('killed');
    await scratch.project('acme/checkpoint', manyFiles('base'));
    const { id, workspace } = await scratch.session('acme/checkpoint');
    const acknowledged: string[] = [];
    await killAtManyMoments(scratch, {
      async prepare(n) {
        for (let i = n; i < fileCount; i += 3)
          write(join(workspace, `${i % 10}/${i}.txt`), `edit ${n} of ${i}\n`);
        return { args: ['session', 'checkpoint', id, '--json', `--note=${n}`] };
      },
      async check(_n, first, again) {
        if (first.code === 0) acknowledged.push(treeIn(first));
        acknowledged.push(treeIn(again));
      },
    });
    const { checkpoints } = await scratch.json<{ checkpoints: { tree: string }[] }>(['session', 'show', id]);
    const kept = new Set(checkpoints.map(({ tree }) => `sha256:${tree}`));
    assert.deepEqual(
      acknowledged.filter((tree) => !kept.has(tree)),
      [],
    );
    const out = join(scratch.directory, 'checkpoint');
    await scratch.mic(['project', 'export', 'acme/checkpoint', `--session=${id}`, `--to=${out}`]);
    await requireSame(scratch, workspace, out);
  });

  test('a landing has happened or not, and the same command makes it happen once', async () => {
    const scratch = new Scratch('killed');
    await scratch.project('acme/land', manyFiles('base'));
    const sessions: string[] = [];
    await killAtManyMoments(scratch, {
      async prepare(n) {
        const { id, workspace } = await scratch.session('acme/land', `session ${n}`);
        for (let i = 0; i < 40; i++) write(join(workspace, `new ${n}/${i}.txt`), `${n} ${i}\n`);
        sessions.push(id);
        return { args: ['session', 'land', id, '--json'] };
      },
      async check(_n, first, again) {
        if (first.code === 0) assert.equal(again.stdout, first.stdout);
      },
    });
    const log = await scratch.json<{ origin: { session?: string } }[]>([
      'project',
      'log',
      'acme/land',
      '--last=99',
    ]);
    assert.deepEqual(log.map(({ origin }) => origin.session).reverse(), [undefined, ...sessions]);
    const out = join(scratch.directory, 'landed');
    await scratch.mic(['project', 'export', 'acme/land', `--to=${out}`]);
    for (let n = 0; n <= kills; n++)
      assert.equal((await scratch.type(`ls 'landed/new ${n}' | wc -l`)).trim(), '40');
  });

  test('a collection of garbage leaves everything that is needed', async () => {
    const scratch = new Scratch('killed');
    const from = scratch.files('collected from', manyFiles('collected'));
    await scratch.mic(['project', 'create', 'acme/gc', `--from=${from}`]);
    const { workspace } = await scratch.session('acme/gc', 'stays');
    write(join(workspace, 'stays.txt'), 'stays\n');
    await scratch.mic(['session', 'checkpoint'], { in: workspace });
    for (let n = 0; n < kills; n++) {
      const garbage = await scratch.session('acme/gc', 'goes');
      for (let i = 0; i < 20; i++) write(join(garbage.workspace, `${i}.bin`), `${n} ${i}`.repeat(2000));
      await scratch.mic(['session', 'remove', garbage.id, '--keep-days=0']);
      await scratch.mic(['store', 'gc', '--grace-hours=0'], {
        exit: 'any',
        onStart: (child) => void delay(40 + n * 20).then(() => child.kill('SIGKILL')),
      });
      await scratch.requireWhole();
    }
    for (let n = 0; n < 2; n++) await scratch.mic(['store', 'gc', '--grace-hours=0']);
    await scratch.requireWhole();
    await scratch.mic(['project', 'export', 'acme/gc', '--to=after gc']);
    await requireSame(scratch, from, join(scratch.directory, 'after gc'));
    await scratch.mic(['session', 'land'], { in: workspace });
  });
});

function treeIn({ stdout }: Ended): string {
  return (JSON.parse(stdout) as { tree: string }).tree;
}
