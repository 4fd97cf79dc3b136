import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mountCommand, shellLine, unmountCommand } from './mount-commands.ts';

const served = { host: '127.0.0.1', port: 2050, path: '/exports/sessions/sess-000000000000/secret' };

function optionsOf(words: readonly string[]): string[] {
  return words[words.indexOf('-o') + 1]!.split(',');
}

test('Linux mounts on one port, keeps locks to itself, and believes nobody', () => {
  const words = mountCommand('linux', served, '/work/it');
  assert.deepEqual(words.slice(0, 4), ['mount', '-t', 'nfs', '-o']);
  assert.deepEqual(words.slice(5), [`127.0.0.1:${served.path}`, '/work/it']);
  const options = optionsOf(words);
  for (const option of ['vers=3', 'proto=tcp', 'mountproto=tcp', 'port=2050', 'mountport=2050', 'nolock'])
    assert.ok(options.includes(option), option);
  for (const option of ['hard', 'nosuid', 'nodev', 'noresvport', 'acregmax=3', 'acdirmax=3'])
    assert.ok(options.includes(option), option);
  assert.ok(!options.includes('ro'));
});

test('macOS has other words for the same, and no name that Linux alone knows', () => {
  const options = optionsOf(mountCommand('darwin', served, '/work/it', 'read-only'));
  for (const option of ['locallocks', 'tcp', 'port=2050', 'mountport=2050', 'nosuid', 'nodev', 'ro'])
    assert.ok(options.includes(option), option);
  for (const option of ['nolock', 'proto=tcp', 'mountproto=tcp', 'noacl', 'retry=0'])
    assert.ok(!options.includes(option), option);
});

test('an address of IPv6 stands in brackets', () => {
  const words = mountCommand('linux', { ...served, host: '::1' }, '/work/it');
  assert.equal(words[5], `[::1]:${served.path}`);
});

test('what is still used is unmounted in the way of the system', () => {
  assert.deepEqual(unmountCommand('linux', '/d', 'gently'), ['umount', '/d']);
  assert.deepEqual(unmountCommand('linux', '/d', 'detach'), ['umount', '-l', '/d']);
  assert.deepEqual(unmountCommand('darwin', '/d', 'detach'), ['umount', '-f', '/d']);
});

test('a command can be typed as it is shown', () => {
  assert.equal(shellLine(['umount', '/a/b-c.d']), 'umount /a/b-c.d');
  assert.equal(shellLine(['umount', "/it's here/$HOME"]), `umount '/it'\\''s here/$HOME'`);
});
