import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ProcessLock, sqliteCode } from './process-lock.ts';

function lockFile(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-lock-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'lock');
}

test('one at a time has a lock, until it is released or closed', (context) => {
  const file = lockFile(context);
  const [a, b] = [new ProcessLock(file), new ProcessLock(file)];
  assert.ok(a.tryTake());
  assert.ok(!b.tryTake());
  a.release();
  assert.ok(b.tryTake());
  b.close();
  assert.ok(a.tryTake());
  a.close();
  assert.equal(statSync(file).size, 0);
});

test('a process that is killed has no lock any more', async (context) => {
  const file = lockFile(context);
  const script = `
    import { ProcessLock } from ${JSON.stringify(new URL('./process-lock.ts', import.meta.url).href)};
    const lock = new ProcessLock(process.argv[1]);
    console.log(lock.tryTake());
    setInterval(() => lock, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(said.toString(), 'true\n');
  const lock = new ProcessLock(file);
  assert.ok(!lock.tryTake());
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.ok(lock.tryTake());
  lock.close();
});

test('where no lock can be made, the error is that of SQLite', (context) => {
  assert.throws(
    () => new ProcessLock(join(lockFile(context), 'nowhere', 'lock')),
    (error) => sqliteCode(error) === 14,
  );
  assert.equal(sqliteCode(new Error('other')), undefined);
});
