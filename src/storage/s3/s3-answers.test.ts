import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { ETag } from '../object-store.ts';
import { parseKey } from '../object-store.ts';
import { parseS3Location } from './s3-location.ts';
import { S3Store, type S3StoreOptions } from './s3-store.ts';

const key = parseKey('a/b');
const bytes = Buffer.from('x');
const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };

/** A store at a server that answers as the test wants. */
async function storeAt(
  t: TestContext,
  answer: RequestListener,
  options: S3StoreOptions = {},
): Promise<S3Store> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => answer(request, response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const store = new S3Store(parseS3Location(`s3://bucket?endpoint=http://127.0.0.1:${port}`), {
    credentials,
    sleep: async () => {},
    ...options,
  });
  t.after(async () => {
    await store.close();
    server.closeAllConnections();
    server.close();
  });
  return store;
}

function answerError(response: ServerResponse, status: number, code: string, more = ''): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>Words of the server.</Message>${more}</Error>`);
}

describe('what a server answers', () => {
  for (const [what, status, code, more, expected, words] of [
    ['no such bucket', 404, 'NoSuchBucket', '', 'storage/not-found', /no bucket "bucket".*mic store init/],
    ['an unknown access key', 403, 'InvalidAccessKeyId', '', 'storage/denied', /AWS_ACCESS_KEY_ID/],
    ['a wrong secret key', 403, 'SignatureDoesNotMatch', '', 'storage/denied', /AWS_SECRET_ACCESS_KEY/],
    ['credentials that are over', 400, 'ExpiredToken', '', 'storage/denied', /AWS_SESSION_TOKEN/],
    ['no permission', 403, 'AccessDenied', '', 'storage/denied', /does not allow it/],
    ['a clock that is wrong', 403, 'RequestTimeTooSkewed', '', 'storage/denied', /clock/],
    [
      'another region',
      301,
      'PermanentRedirect',
      '<Endpoint>bucket.s3.eu-west-3.amazonaws.com</Endpoint>',
      'storage/location-invalid',
      /another region, eu-west-3.*region=eu-west-3/,
    ],
    [
      'the region to sign for',
      400,
      'AuthorizationHeaderMalformed',
      '<Region>eu-1</Region>',
      'storage/location-invalid',
      /region=eu-1/,
    ],
    ['that it cannot do this', 501, 'NotImplemented', '', 'storage/unsuitable', /conditional writes/],
    ['too many requests', 503, 'SlowDown', '', 'storage/unavailable', /too much to do/],
    ['an error of its own', 500, 'InternalError', '', 'storage/unavailable', /failed \(500/],
  ] as const) {
    test(`${what} is said in words`, async (t) => {
      const store = await storeAt(t, (_, response) => answerError(response, status, code, more));
      await assert.rejects(store.get(key), { code: expected, message: words });
      await assert.rejects(store.put(key, bytes), { code: expected, message: words });
      await assert.rejects(Array.fromAsync(store.list('')), { code: expected, message: words });
      const isCertain = expected !== 'storage/unavailable';
      if (isCertain) await assert.rejects(store.putIfAbsent(key, bytes), { code: expected, message: words });
      else assert.equal((await store.putIfAbsent(key, bytes)).outcome, 'unknown');
    });
  }

  test('a server that is none of S3 is not taken for an empty store, nor believed to write', async (t) => {
    for (const status of [200, 404]) {
      const store = await storeAt(t, (_, response) => {
        response.writeHead(status, { 'content-type': 'text/html' });
        response.end('<html><body>Welcome</body></html>');
      });
      const expected = { code: 'storage/location-invalid', message: /not answer like S3/ };
      await assert.rejects(Array.fromAsync(store.list('')), expected);
      await assert.rejects(store.get(key), expected);
      await assert.rejects(store.put(key, bytes), expected);
      await assert.rejects(store.putIfAbsent(key, bytes), expected);
      await assert.rejects(store.compareAndSwap(key, bytes, 'v' as ETag), expected);
    }
  });

  test('nobody listens: says where', async () => {
    const store = new S3Store(parseS3Location('s3://bucket?endpoint=http://127.0.0.1:1'), { credentials });
    await assert.rejects(store.get(key), {
      code: 'storage/unavailable',
      message: /nothing answers at http:\/\/127/,
    });
    assert.equal((await store.putIfAbsent(key, bytes)).outcome, 'unknown');
  });

  test('a wrong scheme of the endpoint is named', async (t) => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const store = new S3Store(parseS3Location(`s3://bucket?endpoint=https://127.0.0.1:${port}`), {
      credentials,
    });
    await assert.rejects(store.get(key), { code: 'storage/location-invalid', message: /speaks no TLS/ });
  });
});

describe('the form in which a server wants tags', () => {
  /** A server with one object, whose version changes with each write; counts what is sent. */
  const server = (form: RegExp) => {
    const seen = { requests: 0, version: 1 };
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      seen.requests++;
      const match = String(request.headers['if-match']);
      if (!form.test(match) || match.replaceAll('"', '') !== `v${seen.version}`) {
        answerError(response, 412, 'PreconditionFailed');
        return;
      }
      seen.version++;
      response.writeHead(200, { etag: `"v${seen.version}"` });
      response.end();
    };
    return { seen, answer };
  };

  test('is found out by the first swap that succeeds, and kept', async (t) => {
    for (const [form, firstRequests] of [
      [/^v/, 1],
      [/^"v/, 2],
      [/^"?v/, 1],
    ] as const) {
      const { seen, answer } = server(form);
      const store = await storeAt(t, answer);
      assert.deepEqual(await store.compareAndSwap(key, bytes, 'v1' as ETag), {
        outcome: 'stored',
        etag: 'v2',
      });
      assert.equal(seen.requests, firstRequests);
      assert.equal((await store.compareAndSwap(key, bytes, 'v1' as ETag)).outcome, 'refused');
      assert.equal((await store.compareAndSwap(key, bytes, 'v2' as ETag)).outcome, 'stored');
      assert.equal(seen.requests, firstRequests + 2);
    }
  });

  test('is not taken from a swap that is refused', async (t) => {
    const { seen, answer } = server(/^"v/);
    const store = await storeAt(t, answer);
    assert.equal((await store.compareAndSwap(key, bytes, 'v0' as ETag)).outcome, 'refused');
    assert.equal((await store.compareAndSwap(key, bytes, 'v1' as ETag)).outcome, 'stored');
    assert.equal(seen.version, 2);
  });
});

describe('requests', () => {
  test('delete many at once where the server is not known to suffer from it', async (t) => {
    const seen: string[] = [];
    const store = await storeAt(t, (request, response) => {
      const { method, url, headers } = request;
      const isChecked = Object.keys(headers).some((name) => /^(content-md5|x-amz-checksum)/.test(name));
      seen.push(`${method} ${url}${isChecked ? ' with a checksum' : ''}`);
      response.writeHead(200, { etag: '"v"' });
      const error = '<Error><Key>k/3</Key><Code>AccessDenied</Code><Message>No.</Message></Error>';
      response.end(method === 'POST' ? `<DeleteResult>${error}</DeleteResult>` : 'x');
    });
    await store.get(key);
    const deletes = [1, 2, 3].map((number) => store.delete(parseKey(`k/${number}`)));
    const results = await Promise.allSettled(deletes);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    );
    await assert.rejects(deletes[2]!, { code: 'storage/denied', message: /k\/3.*AccessDenied/ });
    assert.deepEqual(seen.slice(1), ['POST /bucket/?delete= with a checksum']);
  });

  test('are not more at once than there may be, however many are asked for', async (t) => {
    let [running, most] = [0, 0];
    const store = await storeAt(
      t,
      (_, response) => {
        most = Math.max(most, ++running);
        setTimeout(() => {
          running--;
          response.writeHead(200, { etag: '"v"', 'content-length': '1' });
          response.end('x');
        }, 5);
      },
      { requestsMax: 3 },
    );
    await Promise.all(Array.from({ length: 30 }, () => store.get(key)));
    assert.equal(most, 3);
  });

  test('of which the server ignores the range give the range all the same', async (t) => {
    const store = await storeAt(t, (_, response) => {
      response.writeHead(200, { etag: '"v"' });
      response.end('0123456789');
    });
    const read = await store.get(key, { start: 2, end: 4 });
    assert.equal(Buffer.from(read!.bytes).toString(), '23');
  });
});
