import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemRandom } from '../../src/base/random.ts';
import { systemSleep } from '../../src/storage/backoff.ts';
import { createDocument, readDocument } from '../../src/storage/document.ts';
import { parseKey } from '../../src/storage/object-store.ts';
import { describeWherePossible } from '../needs.ts';
import { type Counter, counterFormat, counterKey } from './counter.ts';
import { FaultProxy, randomFaults } from './fault-proxy.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('./increment-process.ts', import.meta.url));
const processes = 8;
const times = 50;
/** A request that gets no answer for so long, in ms, has failed. */
const stallMsMax = 600;

/** What they come to: nothing lost, and nothing twice. */
const all: Counter = {
  count: processes * times,
  by: Object.fromEntries(Array.from({ length: processes }, (_, i) => [`process ${i}`, times])),
};

describeWherePossible('a document that many processes change', cephLack(), () => {
  let bucket: TestBucket;
  before(async () => {
    bucket = await TestBucket.make();
  });

  /** Has 8 processes add 50 each to a new counter, every other one through the other endpoint. */
  const count = async (
    t: TestContext,
    prefix: string,
    endpoints: readonly string[],
  ): Promise<Counter | undefined> => {
    const key = parseKey(counterKey);
    const store = bucket.store(prefix);
    await createDocument({ store, random: systemRandom, sleep: systemSleep }, key, counterFormat, {
      count: 0,
      by: {},
    });
    const env = { ...process.env, ...bucket.environment };
    await Promise.all(
      Array.from({ length: processes }, (_, i) => {
        const url = bucket.url(prefix, endpoints[i % endpoints.length]!);
        return run(process.execPath, [program, url, `process ${i}`, `${times}`, `${stallMsMax}`], {
          env,
          signal: t.signal,
        });
      }),
    );
    return (await readDocument(store, key, counterFormat))?.value;
  };

  test('through two gateways has every change, once', async (t) => {
    assert.deepEqual(await count(t, 'plain', bucket.service.endpoints), all);
  });

  test('has them as well when one request in twelve fails', async (t) => {
    const proxies = await Promise.all(
      bucket.service.endpoints.map((endpoint, i) => FaultProxy.start(endpoint, randomFaults(12, i + 1))),
    );
    t.after(() => Promise.all(proxies.map((proxy) => proxy.close())));
    const endpoints = proxies.map(({ endpoint }) => endpoint);
    const counted = await count(t, 'faults', endpoints);
    assert.deepEqual(counted, all);
    const faults = proxies.flatMap(({ made }) => [...made.values()]).reduce((sum, made) => sum + made, 0);
    assert.ok(faults > 50, `${faults} faults`);
  });
});
