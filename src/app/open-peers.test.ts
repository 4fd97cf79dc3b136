import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasCode } from '../base/error.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { MeasuredStore } from '../storage/measured-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { servePeers } from './open-peers.ts';
import { inFrontOf } from './open-remote-store.ts';
import { openDiskCache, storeName } from './store-cache.ts';
import type { TierSettings } from './tier-settings.ts';

const prefix = 'micelio-acme/projects/web';
const name = storeName('s3://bucket');
const readToken = () => '0123456789abcdef';

/** A port of this machine that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function machine(t: TestContext, found = '', listen?: string): TierSettings {
  const cache = mkdtempSync(join(tmpdir(), 'micelio-machine-'));
  t.after(() => rmSync(cache, { recursive: true }));
  return { cache, cacheBytes: 1 << 30, peers: { found, listen, readToken } };
}

async function storeWithBlobs() {
  const store = new MemoryStore();
  const blobs = new BlobStore(store, prefix);
  const batch = await blobs.openBatch();
  const hashes = Array.from({ length: 300 }, (_, n) => batch.add(Buffer.from(`${n} `.repeat(1 + (n % 400)))));
  await batch.flush();
  return { store, hashes };
}

async function serve(t: TestContext, tiers: TierSettings, port: number) {
  const server = await servePeers(`${port}`, tiers.peers!, openDiskCache(tiers), assert.ifError);
  t.after(() => server.close());
}

/** What a machine of its own reads of a project, and how often it asks the store for packs and indexes. */
async function reading(store: ObjectStore, tiers: TierSettings) {
  const measured = new MeasuredStore(store);
  const blobs = new BlobStore(await inFrontOf(measured, name, tiers, assert.ifError), prefix);
  return { blobs, gets: () => measured.snapshot().get.requests };
}

test('a machine reads from another one what that has read, and the next one from it', async (t) => {
  const { store, hashes } = await storeWithBlobs();
  const [portA, portB] = [await freePort(), await freePort()];
  const a = machine(t, '', `${portA}`);
  const b = machine(t, `127.0.0.1:${portA},127.0.0.1:${portB}`, `${portB}`);
  const c = machine(t, `127.0.0.1:${portB}`);
  await serve(t, a, portA);
  await serve(t, b, portB);
  const gets: number[] = [];
  for (const tiers of [a, b, c]) {
    const read = await reading(store, tiers);
    for (const hash of hashes) await read.blobs.get(hash);
    gets.push(read.gets());
  }
  assert.ok(gets[0]! > 1);
  assert.deepEqual(gets.slice(1), [0, 0]);
});

test('reads everything from the store when its peers are gone', async (t) => {
  const { store, hashes } = await storeWithBlobs();
  const ports = [await freePort(), await freePort(), await freePort()];
  const tiers = machine(t, ports.map((port) => `127.0.0.1:${port}`).join());
  const read = await reading(store, tiers);
  for (const hash of hashes) assert.ok((await read.blobs.get(hash)).length > 0);
});

test('refuses peers without a token, and an address that is none', async (t) => {
  const tiers = machine(t, 'nowhere');
  await assert.rejects(reading(new MemoryStore(), tiers), (error) => hasCode(error, 'storage/peers-invalid'));
  const { cache, cacheBytes } = tiers;
  const peers = { found: '127.0.0.1:1', listen: undefined, readToken: () => 'short' };
  await assert.rejects(reading(new MemoryStore(), { cache, cacheBytes, peers }), (error) =>
    hasCode(error, 'storage/peers-invalid'),
  );
});
