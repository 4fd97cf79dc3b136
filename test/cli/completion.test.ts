import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Scratch } from '../mic.ts';

const scratch = new Scratch();
const isInstalled = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** What bash offers for a line, of which the last word is being typed. */
async function offered(...line: string[]): Promise<string[]> {
  return offeredBy('mic', ...line);
}

async function offeredBy(program: string, ...line: string[]): Promise<string[]> {
  const script = `
    eval "$(mic completion bash)"
    program=$1
    COMP_LINE="$*" COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    "_\${program//-/_}" "$program" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await scratch.run('bash', ['-c', script, 'bash', program, ...line]);
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash completes commands, what comes behind them, and their options', async () => {
  const [first, second, options, short, files] = await Promise.all([
    offered('s'),
    offered('session', 'res'),
    offered('session', 'start', 'a title', '--pro'),
    offered('land', '--'),
    offered('project', 'create', 'acme/web', './'),
  ]);
  assert.deepEqual(first, ['session', 'status', 'store']);
  assert.deepEqual(second, ['resolve', 'restore']);
  assert.deepEqual(options, ['--project']);
  assert.deepEqual(short, ['--message', '--json', '--store', '--help']);
  assert.deepEqual(files, []);
});

test('bash completes mic-fs as well', async () => {
  assert.deepEqual(await offeredBy('mic-fs', 'st'), ['start', 'stop', 'status']);
  assert.deepEqual(await offeredBy('mic-fs', 'run', '--l'), ['--log']);
});

test('completing runs nothing that stands in the line', async () => {
  const trace = join(scratch.directory, 'ran');
  await offered(`$(touch '${trace}')`, 'x');
  await offered('session', 'land', `\`touch '${trace}'\``, '--');
  assert.ok(!existsSync(trace));
});

for (const shell of ['bash', 'zsh', 'fish']) {
  const lack = isInstalled(shell) ? false : `${shell} is not installed`;
  test(`${shell} understands its script`, { skip: lack }, async () => {
    const { stdout } = await scratch.mic(['completion', shell]);
    const script = join(scratch.files('scripts', { [shell]: stdout }), shell);
    await scratch.run(shell, ['-n', script]);
  });
}

test('fish completes as bash does', {
  skip: isInstalled('fish') ? false : 'fish is not installed',
}, async () => {
  const { stdout } = await scratch.mic(['completion', 'fish']);
  const script = join(scratch.files('scripts', { 'mic.fish': stdout }), 'mic.fish');
  const lines = ['mic s', 'mic session res', 'mic land --me', 'mic project create acme/web scripts/'];
  const typed = lines.map((line) => `complete -C '${line}'; echo =`).join('; ');
  const said = await scratch.run('fish', ['--no-config', '-c', `source '${script}'; ${typed}`]);
  const words = said.stdout.split('=\n').map((part) => part.match(/^[\w/.-]+/gm));
  assert.deepEqual(words.slice(0, 3), [
    ['session', 'status', 'store'],
    ['resolve', 'restore'],
    ['--message'],
  ]);
  assert.ok(words[3]?.includes('scripts/mic.fish'));
});

test('a shell that is not known is refused with those that are', async () => {
  const { stderr } = await scratch.mic(['completion', 'tcsh'], { exit: 2 });
  assert.equal(stderr, 'mic: There is no completion for "tcsh". There is one for bash, zsh, fish.\n');
});
