import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Scratch, write } from '../mic.ts';

const title = 'Faster start';
const { refused, unavailable, conflict } = exitCodes;

/** A remote, and two clones of it that are two people's, each with a project. */
async function clones(name: string) {
  const scratch = new Scratch(name);
  const cloud = join(scratch.directory, 'cloud.git');
  const from = await scratch.repository('first', { 'README.md': '# A project\n' });
  await scratch.git(['clone', '-q', '--bare', from, cloud], scratch.directory);
  const [ada, bob] = ['ada', 'bob'].map((person) => join(scratch.directory, person)) as [string, string];
  for (const clone of [ada, bob]) await scratch.git(['clone', '-q', cloud, clone], scratch.directory);
  return { scratch, cloud, ada, bob };
}

/** A session that anybody may claim, at `origin` and in both clones. */
async function planned(scratch: Scratch, directory: string): Promise<string> {
  const { slug } = await scratch.json<{ slug: string }>(['session', 'draft', title], { in: directory });
  await scratch.mic(['session', 'ready', slug], { in: directory });
  return slug;
}

interface Known {
  readonly lastKnown: { readonly remote: string | null; readonly atMs: number | null } | null;
}

describe('two clones of one remote', () => {
  test('where both were only initialised, one has the session, and the other is told what to do', async () => {
    const { scratch, ada, bob } = await clones('two clones');
    const first = await scratch.mic(['init'], { in: ada });
    assert.match(
      first.stdout,
      /This repository decides .*\n.*: git push origin main, then mic init --authority origin/,
    );
    const slug = await planned(scratch, ada);
    await scratch.git(['push', '-q', 'origin', 'main'], ada);
    await scratch.git(['pull', '-q'], bob);
    const second = await scratch.mic(['init'], { in: bob });
    assert.match(second.stdout, /^Nothing to do.*\nAnother repository decides/);

    const claims = await Promise.all(
      [ada, bob].map((clone) => scratch.mic(['session', 'claim', slug], { in: clone, exit: 'any' })),
    );
    assert.deepEqual(
      claims.map(({ code }) => code),
      [0, refused.code],
    );
    assert.match(claims[1]!.stderr, /Another repository decides .*mic init --authority origin/);
    const [{ lastKnown }] = await scratch.json<[Known]>(['session', 'list'], { in: bob });
    assert.deepEqual(lastKnown, { remote: null, atMs: null });

    // Who asks for any is told the same, and not to wait, also where nothing is planned.
    await scratch.git(['push', '-q', 'origin', 'main'], ada);
    await scratch.git(['pull', '-q'], bob);
    const any = await scratch.mic(['session', 'claim', '--any'], { in: bob, exit: refused.code });
    assert.match(any.stderr, /Another repository decides/);

    // As both were told: the remote decides from now on, and one of both gets the next session.
    await scratch.mic(['session', 'release', slug], { in: ada });
    await scratch.git(['push', '-q', 'origin', 'main'], ada);
    await scratch.mic(['init', '--authority', 'origin'], { in: ada });
    await scratch.git(['pull', '-q'], bob);
    const again = await Promise.all(
      [ada, bob].map((clone) => scratch.mic(['session', 'claim', slug], { in: clone, exit: 'any' })),
    );
    assert.deepEqual(again.map(({ code }) => code).sort(), [0, exitCodes.claimed.code]);
  });

  test('without the remote that decides, reading goes on, with a word, and nothing is claimed', async () => {
    const { scratch, cloud, ada, bob } = await clones('offline');
    await scratch.mic(['init', '--authority', 'origin'], { in: ada });
    await scratch.git(['pull', '-q'], bob);
    const slug = await planned(scratch, ada);
    const other = await planned(scratch, ada);
    await scratch.mic(['session', 'claim', slug], { in: ada });
    await scratch.mic(['session', 'list'], { in: bob });
    renameSync(cloud, `${cloud}.gone`);

    const workspace = join(ada, '.sessions', slug);
    for (const [words, directory] of [
      ['status', ada],
      ['status', workspace],
      [`session status ${slug}`, ada],
      [`session show ${slug}`, bob],
      [`session drift ${slug}`, bob],
      ['session path', workspace],
      ['session sync', workspace],
      ['hub status', ada],
    ] as const) {
      const { stderr, stdout } = await scratch.mic([...words.split(' '), '--json'], { in: directory });
      assert.match(stderr, /"origin", which decides, cannot be reached\. This is as it was known at /, words);
      const { lastKnown } = JSON.parse(stdout) as Known;
      assert.equal(lastKnown?.remote, 'origin', words);
      assert.ok(Math.abs(lastKnown.atMs! - Date.now()) < 3_600_000, words);
    }
    for (const clone of [ada, bob]) {
      const list = await scratch.json<(Known & { state: string; agent: object | null })[]>(
        ['session', 'list'],
        { in: clone },
      );
      assert.deepEqual(
        list.map(({ state, agent, lastKnown }) => [state, agent !== null, lastKnown?.remote]),
        [
          ['active', true, 'origin'],
          ['planned', false, 'origin'],
        ],
      );
    }
    for (const words of [
      ['claim', other],
      ['log', 'x', `--session=${slug}`],
      ['complete', slug],
    ]) {
      const { stderr } = await scratch.mic(['session', ...words], { in: ada, exit: unavailable.code });
      assert.match(stderr, /Offline you can go on in your workspace/);
    }
    await scratch.mic(['hub', 'sync'], { in: ada, exit: unavailable.code });

    renameSync(`${cloud}.gone`, cloud);
    const back = await scratch.mic(['session', 'list'], { in: ada });
    assert.equal(back.stderr, '');
    await scratch.mic(['session', 'claim', other], { in: bob });
  });

  test('mains that have come apart end a sync, with what to do', async () => {
    const { scratch, ada, bob } = await clones('apart');
    await scratch.mic(['init', '--authority', 'origin'], { in: ada });
    await scratch.git(['pull', '-q'], bob);
    for (const [clone, file] of [
      [ada, 'a'],
      [bob, 'b'],
    ] as const) {
      write(join(clone, file), clone);
      await scratch.commit(clone, `add ${file}`);
    }
    await scratch.git(['push', '-q', 'origin', 'main'], ada);
    const apart = await scratch.mic(['hub', 'sync'], { in: bob, exit: refused.code });
    assert.match(apart.stderr, /have come apart.*"mic hub sync --rebase"/s);
    await scratch.mic(['hub', 'sync', '--rebase'], { in: bob });

    for (const clone of [ada, bob]) {
      await scratch.git(['pull', '-q', '--rebase'], clone);
      write(join(clone, 'README.md'), `${clone}\n`);
      await scratch.commit(clone, 'mine');
    }
    await scratch.git(['push', '-q', 'origin', 'main'], ada);
    const conflicted = await scratch.mic(['hub', 'sync'], { in: bob, exit: conflict.code });
    assert.match(conflicted.stderr, /both changed:\n {2}README\.md.*git rebase origin\/main/s);
  });
});
