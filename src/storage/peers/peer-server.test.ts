import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { PeerServer } from './peer-server.ts';
import { PeerToken } from './peer-token.ts';

const token = PeerToken.parse('0123456789abcdef');
const path = '/blobs/0123456789abcdef/packs/a';

async function serving(t: TestContext, read: (text: string) => Promise<Uint8Array | undefined>) {
  const problems: Error[] = [];
  const asked: string[] = [];
  const server = await PeerServer.start({
    listen: { host: '127.0.0.1', port: 0 },
    token,
    read: ({ store, key, range }) => {
      const text = `${store} ${key} ${range?.start}-${range?.end}`;
      asked.push(text);
      return read(text);
    },
    isImmutable: (key) => key.startsWith('packs/'),
    onProblem: (problem) => problems.push(problem),
  });
  t.after(() => server.close());
  const get = (to: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`http://127.0.0.1:${server.port}${to}`, {
      method,
      headers: { authorization: token.authorization, ...headers },
    });
  return { server, problems, asked, get };
}

test('gives an object, or a range of it', async (t) => {
  const { get, asked } = await serving(t, async (text) =>
    Buffer.from(text.includes('undefined') ? 'all' : 'par'),
  );
  const whole = await get(path);
  assert.deepEqual([whole.status, await whole.text()], [200, 'all']);
  const part = await get(path, { range: 'bytes=3-5' });
  assert.deepEqual([part.status, await part.text()], [206, 'par']);
  assert.equal(part.headers.get('content-range'), 'bytes 3-5/*');
  assert.deepEqual(asked, ['0123456789abcdef packs/a undefined-undefined', '0123456789abcdef packs/a 3-6']);
});

test('refuses whoever has not the token, whatever is asked for, and says no more', async (t) => {
  const { get, asked } = await serving(t, async () => Buffer.from('secret'));
  const wrong = ['', 'Bearer 0123456789abcdee', '0123456789abcdef', `${token.authorization}x`];
  for (const authorization of wrong) {
    for (const to of [path, '/', '/blobs/x', `${path}?`]) {
      const answer = await get(to, { authorization });
      assert.deepEqual([answer.status, await answer.text()], [401, '']);
    }
    assert.equal((await get(path, { authorization }, 'POST')).status, 401);
  }
  assert.deepEqual(asked, []);
});

test('refuses what is no request for an object', async (t) => {
  const { get, asked } = await serving(t, async () => Buffer.from('bytes'));
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
    assert.equal((await get(path, {}, method)).status, 405);
  }
  const paths = [
    '/',
    '/blobs',
    '/blobs/0123456789abcdef',
    '/blobs/0123/packs/a',
    '/blobs/0123456789abcdef//packs',
  ];
  paths.push(`${path}?a=b`, `${path}%20`, '/blobs/0123456789abcdef/packs/.a', `${path}${'a'.repeat(600)}`);
  for (const to of paths) assert.equal((await get(to)).status, 400, to);
  const ranges = ['bytes=1-0', 'bytes=0-', 'bytes=-5', 'bytes=0-1,3-4', 'bytes=0-16777216', 'bytes=a-b', ''];
  for (const range of ranges) {
    assert.equal((await get(path, { range })).status, 400, range);
  }
  assert.equal((await get('/blobs/0123456789abcdef/head.json')).status, 404);
  assert.deepEqual(asked, []);
});

test('says that it has not what it has not, or cannot read', async (t) => {
  let found: Uint8Array | undefined;
  const { get, problems } = await serving(t, async (text) => {
    if (text.endsWith('0-1')) throw new Error('the disk failed');
    return found;
  });
  assert.equal((await get(path)).status, 404);
  found = Buffer.alloc(17 * 1024 * 1024);
  assert.equal((await get(path)).status, 404);
  assert.equal((await get(path, { range: 'bytes=0-0' })).status, 404);
  assert.deepEqual(
    problems.map(({ message }) => message),
    ['the disk failed'],
  );
});

test('sends others away while it has enough to do, and takes them again afterwards', async (t) => {
  const released = Promise.withResolvers<void>();
  const { get, asked } = await serving(t, async () => {
    await released.promise;
    return Buffer.from('bytes');
  });
  const waiting = Array.from({ length: 32 }, () => get(path));
  while (asked.length < 32) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await get(path)).status, 503);
  released.resolve();
  for (const answer of await Promise.all(waiting)) assert.equal(await answer.text(), 'bytes');
  assert.equal((await get(path)).status, 200);
});

test('hangs up on those who send too much or nonsense', async (t) => {
  const { server, get } = await serving(t, async () => Buffer.from('bytes'));
  for (const nonsense of [
    `GET / HTTP/1.1\r\nx: ${'a'.repeat(10_000)}\r\n\r\n`,
    'nonsense\r\n\r\n',
    '\0\0\0\0',
  ]) {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(nonsense);
    socket.resume();
    await once(socket, 'close');
  }
  assert.equal((await get(path)).status, 200);
});
