import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseKey } from '../object-store.ts';
import { PeerClient } from './peer-client.ts';
import type { PeerRequest, StoreName } from './peer-request.ts';
import { PeerToken } from './peer-token.ts';

const token = PeerToken.parse('0123456789abcdef');
const request: PeerRequest = {
  store: '0123456789abcdef' as StoreName,
  key: parseKey('packs/a'),
  range: { start: 10, end: 20 },
};

/** For peers that answer, on however busy a machine. */
const patient = { connectMs: 60_000, answerMs: 60_000 };
const impatient = { connectMs: 50, answerMs: 50 };

/** A peer that does `act` on each connection once something was asked. */
async function fakePeer(t: TestContext, act: (socket: Socket, asked: string) => void, patience = patient) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => act(socket, data.toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new PeerClient(token, patience);
  t.after(() => {
    client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  return { sockets, ask: (what = request) => client.ask(address, what) };
}

const head = (status: string, length: number) => `HTTP/1.1 ${status}\r\ncontent-length: ${length}\r\n\r\n`;

test('asks for a range with the token, on one connection as long as that holds', async (t) => {
  const asked: string[] = [];
  const { ask, sockets } = await fakePeer(t, (socket, text) => {
    asked.push(text);
    socket.write(`${head('206 Partial Content', 10)}0123456789`);
  });
  for (let n = 0; n < 3; n++) {
    const answer = await ask();
    assert.ok(answer.outcome === 'found');
    assert.equal(Buffer.from(answer.bytes).toString(), '0123456789');
  }
  assert.equal(sockets.size, 1);
  assert.match(asked[0]!, /^GET \/blobs\/0123456789abcdef\/packs\/a HTTP\/1.1\r\n/);
  assert.match(asked[0]!, /\r\nauthorization: Bearer 0123456789abcdef\r\n/i);
  assert.match(asked[0]!, /\r\nrange: bytes=10-19\r\n/i);
});

test('tells apart what a peer has not and what it has no time for', async (t) => {
  let status = '404 Not Found';
  const { ask } = await fakePeer(t, (socket) => void socket.write(head(status, 0)));
  assert.equal((await ask()).outcome, 'absent');
  status = '503 Service Unavailable';
  assert.equal((await ask()).outcome, 'busy');
});

const misdeeds: Record<string, (socket: Socket) => void> = {
  'does not answer': () => {},
  'hangs up': (socket) => socket.destroy(),
  'hangs up in the middle': (socket) => socket.end(`${head('206 OK', 10)}01234`),
  'stops in the middle': (socket) => socket.write(`${head('206 OK', 10)}01234`),
  'stops in its head': (socket) => socket.write('HTTP/1.1 206'),
  'sends more than it was asked for': (socket) => socket.write(`${head('206 OK', 11)}0123456789a`),
  'does not say how much it sends': (socket) => socket.end('HTTP/1.1 206 OK\r\n\r\n0123456789'),
  'sends without end': (socket) => socket.write('HTTP/1.1 206 OK\r\ntransfer-encoding: chunked\r\n\r\nf\r\n'),
  'sends nonsense': (socket) => socket.write('220 welcome\r\n\r\n'),
  refuses: (socket) => socket.write(head('401 Unauthorized', 0)),
  'sends elsewhere': (socket) =>
    socket.write('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'),
};
for (const [misdeed, act] of Object.entries(misdeeds)) {
  test(`a peer that ${misdeed} has failed`, async (t) => {
    const { ask } = await fakePeer(t, act, impatient);
    assert.equal((await ask()).outcome, 'failed');
    assert.equal((await ask()).outcome, 'failed');
  });
}

test('does not listen to the end of a refusal that has none', async (t) => {
  const { ask, sockets } = await fakePeer(t, (socket) => {
    const timer = setInterval(() => socket.write('5\r\nnever\r\n'), 1);
    socket.on('close', () => clearInterval(timer));
    socket.write('HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n');
  });
  assert.equal((await ask()).outcome, 'absent');
  while (sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
});

test('a peer that is not there has failed', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const client = new PeerClient(token, impatient);
  t.after(() => client.close());
  const answer = await client.ask({ host: '127.0.0.1', port }, request);
  assert.equal(answer.outcome, 'failed');
  assert.ok(answer.outcome === 'failed' && !String(answer.cause).includes('0123456789abcdef'));
});

test('asks again where a connection was closed that had been kept open', async (t) => {
  let asked = 0;
  const { ask } = await fakePeer(t, (socket) => {
    // The second request comes on a connection that is just being closed.
    if (++asked === 2) socket.destroy();
    else socket.write(`${head('206 Partial Content', 10)}0123456789`);
  });
  assert.equal((await ask()).outcome, 'found');
  assert.equal((await ask()).outcome, 'found');
  assert.equal(asked, 3);
});
