import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasCode, MicelioError } from '../../base/error.ts';
import { parseHash } from '../../base/hash.ts';
import type { TreePath } from '../../tree/path.ts';
import type { ServedId } from '../../workspace/mount/file-server-port.ts';
import { type CallHandlers, callBytesMax } from './calls.ts';
import { FileServerClient } from './control-client.ts';
import { ControlServer } from './control-server.ts';

const tree = parseHash('ab'.repeat(32));
const id = '0'.repeat(32) as ServedId;

async function setUp(context: TestContext, handlers: Partial<CallHandlers>) {
  const directory = mkdtempSync(join(tmpdir(), 'micelio-control-'));
  const socket = join(directory, 'control');
  // As a server leaves it that was killed.
  writeFileSync(socket, '');
  const failures: unknown[] = [];
  const other = (): never => assert.fail('not called here');
  const all = new Proxy(handlers, { get: (some, name) => Reflect.get(some, name) ?? other });
  const server = await ControlServer.listen(socket, all as CallHandlers, (error) => failures.push(error));
  context.after(async () => {
    await server.close(0);
    rmSync(directory, { recursive: true });
  });
  return { socket, server, failures, client: new FileServerClient(socket) };
}

/** Posts `body` as it is. */
function post(socketPath: string, path: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST', agent: false }, async (response) => {
      const pieces = await response.toArray();
      resolve({ status: response.statusCode!, text: Buffer.concat(pieces as Buffer[]).toString() });
    });
    call.once('error', reject);
    call.end(body);
  });
}

test('a call and its answer arrive as they were', async (context) => {
  const { client, socket } = await setUp(context, {
    capture: async (call) => ({
      tree,
      leftBehind: [{ path: `${call.id}/\xff` as TreePath, reason: 'It is a FIFO.' }],
    }),
    find: async () => ({ found: null }),
  });
  assert.deepEqual(await client.capture(id), {
    tree,
    leftBehind: [{ path: `${id}/\xff`, reason: 'It is a FIFO.' }],
  });
  assert.equal(await client.find('/store', 'sess-000000000000' as never), undefined);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
});

test('an error keeps its code and message; one that should not be is logged', async (context) => {
  const { client, failures } = await setUp(context, {
    update: () => {
      throw new MicelioError('workspace/changed', 'It was changed.');
    },
    known: () => {
      throw new Error('a bug');
    },
  });
  await assert.rejects(client.update(id, tree), (error) => {
    return hasCode(error, 'workspace/changed') && error.message === 'It was changed.';
  });
  await assert.rejects(client.known(id), { code: 'file-server/failed', message: /a bug/ });
  assert.deepEqual(failures.map(String), ['Error: a bug']);
});

test('what is no call is refused, and harms nobody', async (context) => {
  const { socket, client, failures } = await setUp(context, {
    known: () => ({ agreed: tree, recorded: tree }),
  });
  const wrong: readonly (readonly [path: string, body: string, reason: RegExp])[] = [
    ['/nothing', '{}', /no call/],
    ['/toString', '{}', /no call/],
    ['/known', 'no JSON', /no JSON/],
    ['/known', '{"id": "../../etc"}', /known:/],
    ['/update', `{"id": "${id}", "tree": "x"}`, /update:/],
    ['/known', JSON.stringify({ id, more: 'x'.repeat(callBytesMax) }), /more than/],
  ];
  for (const [path, body, reason] of wrong) {
    const { status, text } = await post(socket, path, body);
    assert.equal(status, 422, path);
    assert.match(text, reason);
    assert.match(text, /"file-server\/request-invalid"/);
  }
  const stranger = connect(socket);
  stranger.end('\x00\x01 no HTTP \r\n\r\n');
  await new Promise((resolve) => stranger.resume().once('close', resolve));
  assert.deepEqual(await client.known(id), { agreed: tree, recorded: tree });
  assert.deepEqual(failures, []);
});

test('a server that ends answers what it was asked before, and then is gone', async (context) => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const { client, server } = await setUp(context, {
    known: async () => {
      asked.resolve();
      await answer.promise;
      return { agreed: tree, recorded: tree };
    },
  });
  const call = client.known(id);
  await asked.promise;
  const closed = server.close(60_000);
  await assert.rejects(client.known(id), { code: 'file-server/gone' });
  answer.resolve();
  assert.deepEqual(await call, { agreed: tree, recorded: tree });
  await closed;
});

test('a call whose server dies fails', async (context) => {
  const { client, server } = await setUp(context, {
    known: () => {
      server.close(0);
      return new Promise(() => {});
    },
  });
  await assert.rejects(client.known(id), { code: 'file-server/gone' });
});
