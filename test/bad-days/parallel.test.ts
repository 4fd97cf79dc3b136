import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkpointSession } from '../../src/session/checkpoint.ts';
import { DirectoryStore } from '../../src/storage/directory/directory-store.ts';
import { type Ended, Scratch, write } from '../mic.ts';
import { openTestProject, writeFiles } from '../test-project.ts';

interface Landed {
  readonly sequence: number;
  readonly tree: string;
  readonly before: string;
  readonly origin: { readonly session?: string };
}

const log = (scratch: Scratch): Promise<Landed[]> =>
  scratch.json(['project', 'log', 'acme/web', '--last=999']);

describe('several mic processes at once', () => {
  test('on one session: nothing is lost, and it lands once', async () => {
    const scratch = new Scratch('parallel');
    await scratch.project('acme/web', { 'a.txt': 'a\n', 'b.txt': 'b\n' });
    const { id, workspace } = await scratch.session('acme/web');
    const run = (...args: string[]): Promise<Ended> => scratch.mic(args, { in: workspace });
    for (let round = 0; round < 3; round++) {
      write(join(workspace, `${round}.txt`), `${round}\n`);
      await Promise.all([
        run('status'),
        run('session', 'status'),
        run('session', 'checkpoint', `--note=one of ${round}`),
        run('session', 'checkpoint', `--note=two of ${round}`),
        run('session', 'note', `one of ${round}`),
        run('session', 'note', `two of ${round}`),
        run('session', 'decide', `decision of ${round}`, '--why=because'),
        run('session', 'diff'),
      ]);
    }
    const record = await scratch.json<{
      conversation: { text: string }[];
      decisions: unknown[];
      checkpoints: { note: string }[];
    }>(['session', 'show', id]);
    const expected = ['one', 'two'].flatMap((word) => [0, 1, 2].map((round) => `${word} of ${round}`));
    assert.deepEqual(record.conversation.map(({ text }) => text).sort(), expected);
    assert.equal(record.decisions.length, 3);
    const notes = record.checkpoints.map(({ note }) => note).filter((note) => note !== '');
    assert.deepEqual(notes.sort(), expected);

    write(join(workspace, 'last.txt'), 'last\n');
    const landings = await Promise.all([
      run('land', '--json'),
      run('session', 'status'),
      scratch.json<{ sequence: number }>(['session', 'land', id]),
      run('session', 'note', 'landing'),
      run('land', '--json'),
      // What has landed takes no checkpoint any more.
      scratch.mic(['session', 'checkpoint', id], { exit: 'any' }),
      run('land', '--json'),
      run('session', 'show'),
    ]);
    const sequences = [landings[0], landings[4], landings[6]].map(
      ({ stdout }) => (JSON.parse(stdout) as Landed).sequence,
    );
    assert.deepEqual([...sequences, landings[2].sequence], [2, 2, 2, 2]);
    assert.ok([0, 4].includes(landings[5].code!), landings[5].stderr);
    assert.deepEqual(
      (await log(scratch)).map(({ sequence }) => sequence),
      [2, 1],
    );
    await scratch.requireWhole();
    const out = join(scratch.directory, 'out');
    await scratch.mic(['project', 'export', 'acme/web', `--to=${out}`]);
    await scratch.run('diff', ['-r', '--exclude=.micelio-session', workspace, out]);
  });

  test('landing 80 sessions on one project: each lands once, one behind the other', async () => {
    const scratch = new Scratch('parallel');
    const project = await openTestProject({ 'shared.txt': '' }, new DirectoryStore(scratch.store));
    const sessions: string[] = [];
    for (let n = 0; n < 80; n++) {
      const session = await project.start();
      const tree = await writeFiles(project, session.tree, { [`${n % 7}/${n}.txt`]: `${n}\n` });
      await checkpointSession(project, session, tree, '');
      sessions.push(session.id);
    }
    await Promise.all(
      Array.from({ length: 8 }, async (_, process) => {
        for (const id of sessions.filter((_, n) => n % 8 === process))
          await scratch.mic(['session', 'land', id]);
      }),
    );
    const landed = (await log(scratch)).reverse();
    assert.deepEqual(
      landed.map(({ sequence }) => sequence),
      Array.from({ length: 81 }, (_, n) => n + 1),
    );
    assert.deepEqual(
      landed
        .slice(1)
        .map(({ origin }) => origin.session!)
        .sort(),
      [...sessions].sort(),
    );
    for (let n = 1; n < landed.length; n++) assert.equal(landed[n]!.before, landed[n - 1]!.tree);
    const out = join(scratch.directory, 'out');
    await scratch.mic(['project', 'export', 'acme/web', `--to=${out}`]);
    assert.equal(
      await scratch.type(`cat out/[0-6]/*.txt | sort -n | tr '\\n' ' '`),
      Array.from({ length: 80 }, (_, n) => `${n} `).join(''),
    );
    await scratch.requireWhole();
  });

  test('making one project: one of them does', async () => {
    const scratch = new Scratch('parallel');
    const made = await Promise.all(
      Array.from({ length: 6 }, () => scratch.mic(['project', 'create', 'acme/web'], { exit: 'any' })),
    );
    assert.deepEqual(made.map(({ code }) => code).sort(), [0, 4, 4, 4, 4, 4]);
  });
});
