import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Scratch, write } from '../mic.ts';

const scratch = new Scratch();
const root = join(scratch.directory, 'project');

async function git(args: readonly string[], directory = root): Promise<string> {
  const { stdout, stderr, code } = await scratch.run('git', ['-C', directory, ...args]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

async function repository(): Promise<void> {
  write(join(root, 'README.md'), 'A project\n');
  await git(['init', '--quiet', '-b', 'main', root], scratch.directory);
  await git(['add', '.']);
  await git(['commit', '--quiet', '-m', 'first']);
}
const ready = repository();

describe('mic init', () => {
  test('says what it would do, does it once, and then nothing', async () => {
    await ready;
    const tried = await scratch.mic(['init', '--dry-run'], { in: root });
    assert.match(tried.stdout, /^Would commit \d+ files on main:\ncreate {2}\.gitignore\n/);
    assert.match(tried.stdout, /Nothing was changed\.\n$/);
    assert.equal(await git(['rev-list', '--count', 'main']), '1');
    // Several processes at the same moment.
    const runs = await Promise.all([1, 2, 3, 4].map(() => scratch.mic(['init'], { in: root })));
    assert.equal(await git(['rev-list', '--count', 'main']), '2');
    assert.ok(runs.some(({ stdout }) => /^Committed \d+ files on main \([0-9a-f]{10}\):/.test(stdout)));
    const again = await scratch.mic(['init'], { in: root });
    assert.equal(again.stdout, 'Nothing to do: _AGENTS/ is laid out on main.\n');
    assert.equal(await git(['status', '--porcelain']), '');
    assert.equal(await git(['log', '-1', '--format=%an']), 'ada');
  });

  test('names what was edited and stays, also with --json', async () => {
    await ready;
    await scratch.mic(['init'], { in: root });
    write(join(root, '_AGENTS/sessions/SESSIONS-README.md'), 'Ours\n');
    await git(['commit', '--quiet', '-am', 'ours']);
    const { stdout } = await scratch.mic(['init'], { in: root });
    assert.match(stdout, /^Nothing to do: .*\nkeep {2}_AGENTS\/sessions\/SESSIONS-README\.md \(edited\)\n$/);
    const { stdout: json } = await scratch.mic(['init', '--json'], { in: root });
    assert.deepEqual(JSON.parse(json), {
      root: '_AGENTS',
      branch: 'main',
      decides: 'this',
      authority: null,
      commit: null,
      dryRun: false,
      files: [{ action: 'keep', path: '_AGENTS/sessions/SESSIONS-README.md' }],
      notes: [],
    });
  });

  test('is what somebody is told who wants a session where there are none', async () => {
    const plain = join(scratch.directory, 'plain');
    await git(['init', '--quiet', '-b', 'main', plain], scratch.directory);
    for (const [args, exit] of [[['start', 'x'], 2] as const, [['status'], 3] as const]) {
      const { stderr } = await scratch.mic(['session', ...args], { in: plain, exit });
      assert.match(
        stderr,
        /^mic: Which (?:project|session)\? .*git repository .*: "mic init" lays them out\.\n$/,
      );
    }
  });

  test('ends as what goes wrong says', async () => {
    await ready;
    const nowhere = await scratch.mic(['init'], { exit: exitCodes.notFound.code });
    assert.match(nowhere.stderr, /no git repository/);
    const noRemote = await scratch.mic(['init', '--authority=origin'], {
      in: root,
      exit: exitCodes.refused.code,
    });
    assert.match(noRemote.stderr, /no remote "origin"/);
    await scratch.mic(['init', '--root=../x'], { in: root, exit: exitCodes.usage.code });
  });

  test('lays out scripts that call mic from wherever they are', async () => {
    await ready;
    await scratch.mic(['init'], { in: root });
    const stub = join(scratch.directory, 'stub');
    write(stub, '#!/bin/sh\nprintf "%s|" "$PWD" "$@"\n');
    chmodSync(stub, 0o755);
    const environment = { MICELIO_MIC: stub };
    const bin = '_AGENTS/sessions/_bin';
    for (const [directory, script, word] of [
      [root, `./${bin}/claim-session`, 'claim'],
      [join(root, '_AGENTS/sessions'), './_bin/complete-session', 'complete'],
    ] as const) {
      const args = ['2025-10-14-x', '--capability', 'ts, db'];
      const { stdout, code } = await scratch.run('sh', ['-c', `${script} "$@"`, 'sh', ...args], {
        in: directory,
        environment,
      });
      assert.equal(code, 0);
      assert.equal(stdout, `${directory}|session|${word}|2025-10-14-x|--capability|ts, db|`);
    }
  });
});
