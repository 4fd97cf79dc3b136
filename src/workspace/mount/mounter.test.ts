import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Mounter } from './mounter.ts';

const served = { host: '127.0.0.1', port: 2050, path: '/exports/sessions/sess-000000000000/secret' };

/** A place to mount on, and a program in front of `mount` that runs `script` instead. */
function setUp(context: TestContext, script: string) {
  const root = mkdtempSync(join(tmpdir(), 'micelio-mounter-'));
  context.after(() => rmSync(root, { recursive: true }));
  const program = join(root, 'allow');
  const called = join(root, 'called');
  writeFileSync(program, `#!/bin/sh\necho "$@" >> '${called}'\n${script}\n`);
  chmodSync(program, 0o755);
  const mounter = new Mounter({ platform: 'linux', uid: 1000, mountWith: [program] });
  const calls = (): string[] =>
    existsSync(called) ? readFileSync(called, 'utf8').trimEnd().split('\n') : [];
  return { root, mounter, calls, directory: join(root, 'deep', 'place') };
}

test('a user mounts with what was allowed, in a directory that is made', async (context) => {
  const { mounter, directory, calls } = setUp(context, 'exit 0');
  assert.deepEqual(await mounter.mount(served, directory), { mounted: true });
  assert.ok(existsSync(directory));
  assert.match(calls()[0]!, /^mount -t nfs -o \S+ 127\.0\.0\.1:\/exports\S+ /);
});

test('what mount says is the reason', async (context) => {
  const { mounter, directory } = setUp(context, 'echo >&2; echo "mount.nfs: No such device" >&2; exit 32');
  const outcome = await mounter.mount(served, directory);
  assert.deepEqual(outcome, { mounted: false, reason: 'mount.nfs: No such device' });
});

test('a user without allowance is told the command, and nothing is run', async (context) => {
  const { directory } = setUp(context, 'exit 0');
  const mounter = new Mounter({ platform: 'linux', uid: 1000, mountWith: [] });
  const outcome = await mounter.mount(served, directory);
  assert.deepEqual(outcome, { mounted: false, reason: 'only root may mount here' });
  assert.match(mounter.mountLine(served, directory), /^sudo mount -t nfs /);
  assert.equal(await mounter.unmount(directory), `sudo umount ${directory}`);
});

test('nothing is mounted over files', async (context) => {
  const { mounter, directory, calls } = setUp(context, 'exit 0');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'file'), '');
  assert.deepEqual(await mounter.mount(served, directory), {
    mounted: false,
    reason: 'its directory is not empty',
  });
  assert.deepEqual(calls(), []);
});

test('what is in use is unmounted behind the backs of its users', async (context) => {
  const busy = setUp(context, 'case "$2" in -l) exit 0 ;; esac; echo "target is busy" >&2; exit 32');
  assert.equal(await busy.mounter.unmount('/somewhere'), undefined);
  assert.deepEqual(busy.calls(), ['umount /somewhere', 'umount -l /somewhere']);
  const refused = setUp(context, 'exit 1');
  assert.equal(await refused.mounter.unmount('/somewhere'), 'sudo umount /somewhere');
});

test('a program that is not there is named', async (context) => {
  const { directory } = setUp(context, 'exit 0');
  const mounter = new Mounter({ platform: 'linux', uid: 1000, mountWith: ['no-such-program'] });
  assert.deepEqual(await mounter.mount(served, directory), {
    mounted: false,
    reason: 'there is no "no-such-program" on this machine',
  });
});

test('a directory on which nothing is mounted has no source, also where it does not exist', async (context) => {
  const { mounter, root } = setUp(context, 'exit 0');
  assert.equal(await mounter.mountedSource('sess-000000000000', root), undefined);
  assert.equal(await mounter.mountedSource('sess-000000000000', join(root, 'no', 'where')), undefined);
});
