import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { MeasuredStore } from '../measured-store.ts';
import { MemoryStore } from '../memory-store.ts';
import { objectStoreConformance } from '../object-store.conformance.ts';
import { type ObjectKey, parseKey } from '../object-store.ts';
import { PeerClient } from './peer-client.ts';
import type { StoreName } from './peer-request.ts';
import { PeerServer } from './peer-server.ts';
import { PeerStore } from './peer-store.ts';
import { PeerToken } from './peer-token.ts';
import { Peers } from './peers.ts';

const token = PeerToken.parse('0123456789abcdef');
const isImmutable = (key: ObjectKey) => key.startsWith('packs/');
const name = '0123456789abcdef' as StoreName;
const pack = parseKey('packs/a');
const isRight = (bytes: Uint8Array) => Buffer.from(bytes).toString().startsWith('right');

objectStoreConformance('PeerStore without peers', () => ({
  store: new PeerStore(new MemoryStore(), { isImmutable: () => true, peers: peersAt([]), name }),
}));

function peersAt(
  ports: readonly number[],
  onProblem: (problem: Error) => void = assert.ifError,
  answerMs = 60_000,
) {
  const found = ports.map((port) => ({ name: `p:${port}`, address: { host: '127.0.0.1', port } }));
  const client = new PeerClient(token, { connectMs: 60_000, answerMs });
  return new Peers({ finder: { current: async () => found }, client, clock: systemClock, onProblem });
}

async function peerWith(t: TestContext, content: string) {
  const asked: string[] = [];
  const server = await PeerServer.start({
    listen: { host: '127.0.0.1', port: 0 },
    token,
    read: async ({ key, range }) => {
      asked.push(key);
      return key === pack ? Buffer.from(content).subarray(range?.start, range?.end) : undefined;
    },
    isImmutable,
    onProblem: assert.ifError,
  });
  t.after(() => server.close());
  return { port: server.port, asked };
}

async function origin() {
  const store = new MeasuredStore(new MemoryStore());
  for (const key of ['packs/a', 'packs/b', 'head'])
    await store.put(parseKey(key), Buffer.from('right origin'));
  return { store, reads: () => store.snapshot().get.requests };
}

test('reads from peers what its reader can check, and from the store all else', async (t) => {
  const { store, reads } = await origin();
  const peer = await peerWith(t, 'right peer');
  const peered = new PeerStore(store, { isImmutable, peers: peersAt([peer.port]), name });
  const text = async (...parameters: Parameters<PeerStore['get']>) =>
    Buffer.from((await peered.get(...parameters))?.bytes ?? []).toString();
  assert.equal(await text(pack, undefined, isRight), 'right peer');
  assert.equal(await text(pack, { start: 0, end: 7 }, isRight), 'right p');
  assert.equal(reads(), 0);
  assert.equal(await text(pack), 'right origin');
  assert.equal(await text(parseKey('head'), undefined, isRight), 'right origin');
  assert.equal(await text(parseKey('packs/b'), undefined, isRight), 'right origin');
  assert.deepEqual(peer.asked, ['packs/a', 'packs/a', 'packs/b']);
});

test('a peer that lies is not believed, left out, and told of', async (t) => {
  const { store } = await origin();
  const [liar, other] = [await peerWith(t, 'wrong'), await peerWith(t, 'wrong')];
  const problems: Error[] = [];
  const peers = peersAt([liar.port, other.port], (problem) => problems.push(problem));
  const peered = new PeerStore(store, { isImmutable, peers, name });
  for (let n = 0; n < 5; n++) {
    const object = await peered.get(pack, undefined, isRight);
    assert.equal(Buffer.from(object!.bytes).toString(), 'right origin');
  }
  assert.deepEqual([liar.asked.length, other.asked.length, problems.length], [1, 1, 2]);
  for (const { message } of problems)
    assert.ok(message.includes('packs/a') && !message.includes('0123456789'));
});

test('dead, hanging and failing peers cost little and fail nothing', async (t) => {
  const { store, reads } = await origin();
  let asked = 0;
  const hanging = createServer(() => asked++);
  const failing = createServer((_, response) => {
    asked++;
    response.writeHead(500).end();
  });
  for (const server of [hanging, failing]) await once(server.listen(0, '127.0.0.1'), 'listening');
  const ports = [hanging, failing].map((server) => (server.address() as AddressInfo).port);
  t.after(() => {
    for (const server of [hanging, failing]) {
      server.closeAllConnections();
      server.close();
    }
  });
  const peered = new PeerStore(store, {
    isImmutable,
    peers: peersAt([...ports, 1], assert.ifError, 50),
    name,
  });
  for (let n = 0; n < 200; n++) {
    const object = await peered.get(pack, { start: n % 5, end: 9 }, () => true);
    assert.ok(object !== undefined);
  }
  assert.equal(reads(), 200);
  assert.ok(asked <= 10, `${asked}`);
});

test('asks for no more at once than it may, and not for what is too much', async () => {
  const { store, reads } = await origin();
  let under = 0;
  let most = 0;
  const slow = {
    ask: async () => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setImmediate(resolve));
      under--;
      return { outcome: 'found', bytes: Buffer.from('right') } as const;
    },
  };
  const current = async () => [{ name: 'p', address: { host: 'p', port: 1 } }];
  const peers = new Peers({
    finder: { current },
    client: slow,
    clock: systemClock,
    onProblem: assert.ifError,
  });
  const peered = new PeerStore(store, { isImmutable, peers, name });
  await Promise.all(Array.from({ length: 100 }, () => peered.get(pack, undefined, isRight)));
  assert.equal(most, 32);
  assert.equal(reads(), 68);
  await peered.get(pack, { start: 0, end: 17 << 20 }, isRight);
  assert.equal(reads(), 69);
});
