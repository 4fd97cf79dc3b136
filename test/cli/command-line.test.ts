import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { commands } from '../../src/cli/commands.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { Scratch } from '../mic.ts';

const scratch = new Scratch();

describe('help', { concurrency: 2 }, () => {
  test('lists every command and exit code', async () => {
    const { stdout } = await scratch.mic(['--help']);
    for (const { path, summary } of commands)
      assert.match(stdout, new RegExp(`^  mic ${path} +${RegExp.escape(summary)}$`, 'm'));
    for (const { code, meaning } of Object.values(exitCodes))
      assert.match(stdout, new RegExp(`^  ${code} +${RegExp.escape(meaning)}$`, 'm'));
    for (const words of [[], ['help'], ['-h']]) assert.equal((await scratch.mic(words)).stdout, stdout);
  });

  test('of a group lists its commands', async () => {
    const { stdout } = await scratch.mic(['store', '--help']);
    assert.deepEqual(stdout.match(/(?<=^ {2}mic store )\w+/gm), [
      'init',
      'check',
      'stats',
      'gc',
      'fsck',
      'copy',
    ]);
  });

  for (const { path } of commands) {
    test(`of mic ${path} has usage, options, examples and exit codes`, async () => {
      const { stdout } = await scratch.mic([...path.split(' '), '--help']);
      assert.match(stdout, new RegExp(`^Usage: mic ${path} `));
      for (const title of ['Options', 'Examples', 'Exit codes'])
        assert.match(stdout, new RegExp(`^${title}:\n  `, 'm'));
      assert.match(stdout, /^ {2}--json /m);
    });
  }

  test('needs no store, no project, and no sense in what surrounds it', async () => {
    scratch.files('home/.config/micelio', { 'config.json': 'no JSON' });
    await scratch.mic(['session', 'land', '--help', '--no-such-option']);
    const { stderr } = await scratch.mic(['project', 'list'], { exit: 2 });
    assert.match(stderr, /^mic: .*config\.json is not understood: .* Correct it, or remove it\.\n$/);
    scratch.files('home/.config/micelio', { 'config.json': '{}' });
  });
});

test('a line that is not understood ends with 2, and with one line that says what to do', async () => {
  const lines: readonly (readonly [words: string, says: RegExp])[] = [
    ['sesion start', /There is no command "mic sesion start".*Did you mean "mic session start"/],
    ['session begin', /Did you mean "mic session/],
    ['--verbose', /Unknown option '--verbose'.*mic --help/],
    ['project list --verbose', /Unknown option '--verbose'\. See "mic project list --help"/],
    ['session start', /Missing required argument 'title'\. See "mic session start --help"/],
    ['session start a b', /Too many arguments.*See "mic session start --help"/],
    ['session start a --workspace=cloud', /Allowed choices are checkout, mount, clone, worktree, none/],
    ['project log a/b --last=many', /"many" is no whole number, which -n, --last <count> needs/],
    ['project log a/b --last', /argument missing/],
    ['session abandon sess-000000000000', /--why <text>' not specified/],
    ['project show', /Which project\? Say --project/],
    ['project export a/b', /Say where to: either --to DIRECTORY or --git REPOSITORY/],
    ['project import a/b', /Say --from DIRECTORY/],
  ];
  await Promise.all(
    lines.map(async ([words, says]) => {
      const { stdout, stderr } = await scratch.mic(words.split(' '), { exit: 2 });
      assert.equal(stdout, '', words);
      assert.match(stderr, /^mic: [^\n]*\n$/, words);
      assert.match(stderr, says);
    }),
  );
});

test('what every command takes may stand in front of it', async () => {
  const { stdout } = await scratch.mic([
    '--json',
    '--store',
    join(scratch.directory, 'none'),
    'project',
    'list',
  ]);
  assert.deepEqual(JSON.parse(stdout), []);
  const version = JSON.parse((await scratch.mic(['--version', '--json'])).stdout) as { version: string };
  assert.equal((await scratch.mic(['--version'])).stdout, `mic ${version.version}\n`);
});

test('a reader that has seen enough is no failure', async () => {
  await scratch.project('acme/web', { 'a.txt': 'a\n' });
  const output = await scratch.type(
    `set -e; for n in 1 2 3; do mic session start "number $n" --project=acme/web --workspace=none >/dev/null; done
     { mic session list --project=acme/web; echo "ended with $?" >&2; } 2>ended | head -1; cat ended`,
  );
  assert.match(output, /^sess-\S+ .*\nended with 0$/);
  // A pipe that nobody reads from at all, and output that is larger than any pipe.
  const big = scratch.files('big', { 'big.txt': 'x'.repeat(2 << 20) });
  await scratch.mic(['project', 'create', 'acme/big', `--from=${scratch.files('small', { 'a.txt': 'a' })}`]);
  const { sessionId } = await scratch.json<{ sessionId: string }>([
    'session',
    'start',
    'big',
    '--project=acme/big',
    `--directory=${join(scratch.directory, 'w')}`,
  ]);
  await scratch.type(`cp '${big}/big.txt' w/`);
  const ended = await scratch.mic(['session', 'diff', sessionId], {
    onStart: (child) => child.stdout!.destroy(),
  });
  assert.equal(ended.stderr, '');
});

test('nothing that moves or has a colour goes into a pipe, however long it takes', async () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}.txt`, `${i}\n`]));
  const from = scratch.files('many', files);
  const environment = { FORCE_COLOR: '1', CLICOLOR_FORCE: '1', TERM: 'xterm-256color' };
  const { stdout, stderr } = await scratch.mic(['project', 'create', 'acme/many', `--from=${from}`], {
    environment,
  });
  const list = await scratch.mic(['project', 'list'], { environment });
  assert.equal(stderr + list.stderr, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what moves and colours begins with it.
  assert.doesNotMatch(stdout + list.stdout, /[\x1b\r]/);
});
