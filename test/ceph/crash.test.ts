import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemRandom } from '../../src/base/random.ts';
import { systemSleep } from '../../src/storage/backoff.ts';
import { createDocument, readDocument, updateDocument } from '../../src/storage/document.ts';
import { type ObjectStore, parseKey } from '../../src/storage/object-store.ts';
import { RetryingStore } from '../../src/storage/retrying-store.ts';
import { describeWherePossible } from '../needs.ts';
import { CephCluster } from './cluster.ts';
import { type Counter, counterFormat, counterKey } from './counter.ts';
import { cephLack } from './lack.ts';
import { TestBucket } from './test-bucket.ts';

const writers = 8;
const counter = parseKey(counterKey);
const keyOf = (writer: number, number: number) => parseKey(`written/${writer}/${number}`);
const bytesOf = (writer: number, number: number) => Buffer.from(`${writer} ${number} `.repeat(100));

/** Waits as long as a gateway may take to come back. */
const patient = (store: ObjectStore) =>
  new RetryingStore(store, { random: systemRandom, sleep: systemSleep, attemptsMax: 60 });

describeWherePossible('a server that is killed', cephLack(), () => {
  const directory = mkdtempSync(join(tmpdir(), 'mic-s3-'));
  let cluster: CephCluster;
  let bucket: TestBucket;
  before(async () => {
    cluster = await CephCluster.start({ directory, objectStore: 'bluestore', gateways: 2 });
    bucket = await TestBucket.makeIn(cluster.service);
  });
  after(async () => {
    await cluster?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  test('keeps all that it has acknowledged', async () => {
    const store = bucket.store('all');
    const acknowledged: [writer: number, number: number][] = [];
    let killed: Promise<void> | undefined;
    const write = async (writer: number): Promise<void> => {
      for (let number = 0; ; number++) {
        const kind = number % 2 === 0 ? 'put' : 'putIfAbsent';
        const result = await store[kind](keyOf(writer, number), bytesOf(writer, number));
        if (result !== undefined && result.outcome !== 'stored') return;
        acknowledged.push([writer, number]);
        if (acknowledged.length > 200) killed ??= cluster.kill();
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: writers }, (_, writer) => write(writer)));
    for (const end of ended) {
      if (end.status === 'rejected') assert.equal(end.reason.code, 'storage/unavailable', end.reason.stack);
    }
    await killed;
    await cluster.restart();
    for (const [writer, number] of acknowledged) {
      const read = await patient(store).get(keyOf(writer, number));
      assert.ok(read !== undefined && bytesOf(writer, number).equals(read.bytes), `${writer} ${number}`);
    }
    const listed = (await Array.fromAsync(store.list('written/'))).map(({ key }) => key);
    const missing = acknowledged.filter(([writer, number]) => !listed.includes(keyOf(writer, number)));
    assert.deepEqual(missing, []);
    await store.close();
  });

  test('of two gateways loses nothing, and who waits goes on', async () => {
    const access = { random: systemRandom, sleep: systemSleep };
    const stores = bucket.service.endpoints.map((endpoint) => bucket.store('one', {}, endpoint));
    await createDocument({ ...access, store: stores[1]! }, counter, counterFormat, { count: 0, by: {} });
    const times = 40;
    let restarted: Promise<void> | undefined;
    const restart = async (): Promise<void> => {
      await cluster.killGateway(0);
      await cluster.startGateway(0);
    };
    await Promise.all(
      stores.map(async (store, at) => {
        for (let time = 1; time <= times; time++) {
          await updateDocument<Counter>(
            { ...access, store: patient(store) },
            counter,
            counterFormat,
            ({ count, by }) => ({ count: count + 1, by: { ...by, [`${at}`]: time } }),
          );
          if (time === 10) restarted ??= restart();
        }
      }),
    );
    await restarted;
    const document = await readDocument(stores[0]!, counter, counterFormat);
    assert.deepEqual(document?.value, { count: 2 * times, by: { 0: times, 1: times } });
    await Promise.all(stores.map((store) => store.close()));
  });
});
