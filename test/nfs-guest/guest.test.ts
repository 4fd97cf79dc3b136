import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { describeWherePossible } from '../needs.ts';
import { Guest } from './guest.ts';
import { guestLack } from './lack.ts';

describeWherePossible('a guest', guestLack(), () => {
  const shared = mkdtempSync(join(tmpdir(), 'micelio-share-'));
  let guest: Guest;

  before(async () => {
    guest = await Guest.start({ shares: [{ directory: shared, at: '/run/shared', access: 'read-write' }] });
  });
  after(async () => {
    await guest?.stop();
    rmSync(shared, { recursive: true });
  });

  test('reports status, output and errors, and runs several commands at once', async () => {
    const waits = guest.run('until [ -e /run/tmp/go ]; do sleep 0.05; done; echo went');
    const fails = await guest.run('echo out; echo err >&2; touch /run/tmp/go; exit 3');
    assert.deepEqual(fails, { status: 3, stdout: 'out\n', stderr: 'err\n' });
    assert.deepEqual(await waits, { status: 0, stdout: 'went\n', stderr: '' });
  });

  test('runs as another user, with its groups', async () => {
    const user = { uid: 1234, gid: 99, groups: [7, 8] };
    const { stdout } = await guest.run('id -u; id -G', { user });
    assert.equal(stdout, '1234\n99 7 8\n');
  });

  test('kills what takes too long', async () => {
    const { status } = await guest.run('sleep 60', { timeoutMs: 300 });
    assert.equal(status, 124);
  });

  test('has this machine’s files, and changes only what is shared', async () => {
    writeFileSync(join(shared, 'from-here'), 'hello');
    const file = join(import.meta.dirname, 'shim.c');
    const { stdout } = await guest.run(`
      sha256sum < '${file}'; rm '${file}'; test ! -e '${file}' && cat /run/shared/from-here && sync
      echo back > /run/shared/from-there; sync`);
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    assert.equal(stdout, `${hash}  -\nhello`);
    assert.equal(readFileSync(join(shared, 'from-there'), 'utf8'), 'back\n');
  });
});
