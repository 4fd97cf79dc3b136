import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MemoryFileSystem } from '../../src/nfs/fixtures/memory-file-system.ts';
import { type Served, serve } from '../../src/nfs/fixtures/served.ts';
import { describeWherePossible } from '../needs.ts';

/** What this machine lacks to try the programs of libnfs. */
function lack(): string | undefined {
  const missing = ['nfs-ls', 'nfs-cat', 'nfs-cp'].filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
  );
  return missing.length === 0
    ? undefined
    : `there is no ${missing.join(', ')}: install the package libnfs-utils`;
}

describeWherePossible('the programs of libnfs, a client that is not ours', lack(), () => {
  let served: Served;
  const scratch = mkdtempSync(join(tmpdir(), 'micelio-libnfs-'));
  before(async () => {
    served = await serve();
    served.exports.add('/exports/sessions/one/secret', new MemoryFileSystem());
  });
  after(async () => {
    await served.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  const url = (path: string): string =>
    `nfs://127.0.0.1${path}?version=3&nfsport=${served.server.port}&mountport=${served.server.port}`;

  async function run(program: string, ...args: string[]): Promise<{ status: number; output: Buffer }> {
    const child = spawn(program, args, { timeout: 20_000 });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.resume();
    const [status] = (await once(child, 'close')) as [number | null];
    return { status: status ?? -1, output: Buffer.concat(output) };
  }

  test('copy a file in and out', async () => {
    const content = randomBytes(3_000_001);
    writeFileSync(join(scratch, 'in'), content);
    assert.equal((await run('nfs-cp', join(scratch, 'in'), url('/export/file'))).status, 0);
    assert.equal((await run('nfs-cp', url('/export/file'), join(scratch, 'out'))).status, 0);
    assert.deepEqual(readFileSync(join(scratch, 'out')), content);
    assert.deepEqual((await run('nfs-cat', url('/export/file'))).output, content);
  });

  test('list what is there, of one export and not the other', async () => {
    const { handle } = await served.client.mkdir(served.root, 'directory', { mode: 0o755 });
    for (let i = 0; i < 500; i++) await served.client.create(handle, `name-${i}`, 1, { mode: 0o640 });
    const { status, output } = await run('nfs-ls', '-R', url('/export'));
    assert.equal(status, 0);
    for (const name of ['directory', 'name-0', 'name-499']) assert.match(output.toString(), new RegExp(name));
    const other = await run('nfs-ls', '-R', url('/exports/sessions/one/secret'));
    assert.deepEqual([other.status, other.output.toString()], [0, '']);
  });

  test('get nothing without the secret, and no list of exports', async () => {
    assert.notEqual((await run('nfs-ls', url('/exports/sessions/one'))).status, 0);
    assert.notEqual((await run('nfs-ls', url('/exports/sessions/one/secreT'))).status, 0);
  });
});
