import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readFileServerSettings } from '../configuration.ts';
import { openDiskCache, storeName } from '../store-cache.ts';
import { startFileServer } from './start.ts';

const token = '0123456789abcdef';
const key = `micelio-acme/projects/web/packs/${'a'.repeat(64)}`;
const path = `/blobs/${storeName('s3://bucket')}/${key}`;

/** A port of this machine that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function fileServer(t: TestContext, variables: Readonly<Record<string, string>>) {
  const home = mkdtempSync(join(tmpdir(), 'micelio-peers-'));
  const settings = readFileServerSettings({ HOME: home, ...variables });
  let log = '';
  const write = (text: string): void => {
    log += text;
  };
  const server = await startFileServer(settings, 'stderr', { write });
  assert.ok(server !== 'running');
  t.after(async () => {
    await server.stop('restart');
    rmSync(home, { recursive: true });
  });
  return { server, settings, log: () => log };
}

test('mic-fs gives peers what lies in the cache of this machine, and to nobody else', async (t) => {
  const port = await freePort();
  const listen = { MICELIO_PEERS_LISTEN: `${port}`, MICELIO_PEERS_TOKEN: token };
  const { server, settings, log } = await fileServer(t, listen);
  const cache = openDiskCache(settings.tiers);
  await cache.write(`${storeName('s3://bucket')}/${key}`, { start: 8, end: 13 }, Buffer.from('bytes'));
  const get = (to: string, secret: string) =>
    fetch(`http://127.0.0.1:${port}${to}`, {
      headers: { authorization: `Bearer ${secret}`, range: 'bytes=8-12' },
    });
  const given = await get(path, token);
  assert.deepEqual([given.status, await given.text()], [206, 'bytes']);
  assert.equal((await get(path, `${token}0`)).status, 401);
  assert.equal((await get(path.replace('/packs/', '/sessions/'), token)).status, 404);
  await server.stop('restart');
  await assert.rejects(get(path, token));
  assert.match(log(), /peers are served on port/);
  assert.ok(!log().includes(token));
});

test('mic-fs serves sessions also when it cannot serve peers, and says why', async (t) => {
  const { log } = await fileServer(t, { MICELIO_PEERS_LISTEN: '7' });
  assert.match(log(), /failed: serving peers on 7.*token/);
});
