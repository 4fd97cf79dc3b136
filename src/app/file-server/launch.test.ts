import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readFileServerSettings } from '../configuration.ts';
import { currentUser } from '../mounts.ts';
import { version } from '../version.ts';
import type { CallHandlers } from './calls.ts';
import { ControlServer } from './control-server.ts';
import { connectFileServer, endFileServer } from './launch.ts';
import { StateDirectory } from './state-directory.ts';

/** A user's surroundings, in which a file server of an earlier version runs with `busy` calls under way. */
async function setUp(context: TestContext, busy: number) {
  const home = mkdtempSync(join(tmpdir(), 'micelio-launch-'));
  const environment = { HOME: home };
  const settings = readFileServerSettings(environment);
  const { uid } = currentUser();
  const state = new StateDirectory(settings, uid);
  const lock = state.tryLock()!;
  const said: string[] = [];
  const end = async (): Promise<void> => {
    await server.close(1000);
    if (!said.includes('ended')) lock.close();
    said.push('ended');
  };
  const handlers: Partial<CallHandlers> = {
    status: () => ({
      ...{ version: '0.0.1', pid: process.pid, host: '127.0.0.1', port: 1, startedMs: 0 },
      ...{ exports: 1, open: 1, busy },
    }),
    stop: ({ how }) => {
      said.push(how);
      setImmediate(end);
      return {};
    },
  };
  const socket = state.socketPath();
  const server = await ControlServer.listen(socket, handlers as CallHandlers, () => {});
  await state.writeRunning({ pid: process.pid, version: '0.0.1', socket });
  context.after(async () => {
    await end();
    rmSync(home, { recursive: true, force: true });
  });
  return { state, said, options: { settings, environment, version: version(), uid } };
}

test('a file server of another version that is idle is replaced, without a record of what is open', async (context) => {
  const { state, said, options } = await setUp(context, 0);
  try {
    const { status } = await connectFileServer(options);
    assert.equal(status.version, version());
    assert.notEqual(status.pid, process.pid);
    assert.deepEqual(said, ['restart', 'ended']);
  } finally {
    await endFileServer(state);
  }
  assert.ok(!state.isRunning());
});

test('one that is at work is left alone', async (context) => {
  const { said, options } = await setUp(context, 1);
  await assert.rejects(connectFileServer(options), {
    code: 'file-server/other-version',
    message: /mic-fs 0\.0\.1 is at work.*mic-fs stop/,
  });
  assert.deepEqual(said, []);
});
