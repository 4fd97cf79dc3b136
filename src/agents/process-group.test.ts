import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { endLeftBehind, identityOf, runVariable } from './process-group.ts';

/** Starts a shell in a group of its own, and waits for the numbers of its processes that it says. */
async function started(t: TestContext, script: string, run: string) {
  const child: ChildProcess = spawn('/bin/sh', ['-c', script], {
    env: { PATH: process.env.PATH, [runVariable]: run },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const pids = line.toString().trim().split(' ').map(Number);
  t.after(() => {
    for (const pid of pids) if (identityOf(pid) !== undefined) process.kill(pid, 'SIGKILL');
  });
  return { first: identityOf(child.pid!)!, pids };
}

const running = (pids: readonly number[]) => pids.filter((pid) => identityOf(pid) !== undefined);

test('what is left of a run is ended: what does not listen, and what hides its environment', async (t) => {
  const script = 'trap "" TERM; env -i sleep 60 & a=$!; sleep 60 & echo $$ $a $!; wait; sleep 60';
  const { first, pids } = await started(t, script, 'run-a');
  const other = await started(t, 'sleep 60 & echo $$ $!; wait', 'run-b');
  assert.equal(running(pids).length, 3);
  await endLeftBehind('run-a', first, 50);
  assert.deepEqual(running(pids), []);
  assert.equal(running(other.pids).length, 2, 'and nothing of others');
  await endLeftBehind('run-b', { ...other.first, started: 'long ago' }, 50);
  const known = existsSync('/proc/self/environ');
  assert.equal(running(other.pids).length, known ? 0 : 2, 'by their environment, where the system tells it');
});

test('what has left its group is found by its environment', async (t) => {
  // Only Linux shows the environment of processes, in /proc.
  if (!existsSync('/proc/self/environ'))
    return t.skip('the system does not tell the environment of processes');
  const script = 'setsid sh -c \'trap "" TERM; while :; do sleep 0.01; done\' & sleep 0.2; echo $!; exit';
  const { first, pids } = await started(t, script, 'run-c');
  await endLeftBehind('run-c', first, 50);
  assert.deepEqual(running(pids), []);
});
