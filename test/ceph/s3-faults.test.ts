import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hasCode } from '../../src/base/error.ts';
import { systemRandom } from '../../src/base/random.ts';
import { systemSleep } from '../../src/storage/backoff.ts';
import { objectStoreConformance } from '../../src/storage/object-store.conformance.ts';
import { type ObjectStore, parseKey } from '../../src/storage/object-store.ts';
import { RetryingStore } from '../../src/storage/retrying-store.ts';
import { describeWherePossible } from '../needs.ts';
import { FaultProxy, type ProxyFault, randomFaults } from './fault-proxy.ts';
import { cephLack } from './lack.ts';
import { SettlingStore } from './settling-store.ts';
import { TestBucket } from './test-bucket.ts';

const key = parseKey('dir/object');
const bytes = (text: string) => Buffer.from(text);
/** Longer than anything that goes well takes here. */
const stallMsMax = 2_000;
const soon = { firstMs: 5, maxMs: 50 };

describeWherePossible('S3Store behind a proxy that fails', cephLack(), () => {
  let bucket: TestBucket;
  let proxy: FaultProxy;
  before(async () => {
    bucket = await TestBucket.make();
    proxy = await FaultProxy.start(bucket.service.endpoints[0]!);
  });
  after(() => proxy.close());

  const opened: { close(): Promise<void> }[] = [];
  after(() => Promise.all(opened.map((store) => store.close())));
  const failing = (stallMs = stallMsMax) => {
    const store = bucket.freshStore({ stallMsMax: stallMs }, proxy.endpoint);
    opened.push(store);
    return store;
  };
  const retrying = (store: ObjectStore) =>
    new RetryingStore(store, { random: systemRandom, sleep: systemSleep, attemptsMax: 15, backoff: soon });
  /** Does `fault` to the next request, and to none after it. */
  const once = (fault: ProxyFault) => {
    let made = false;
    proxy.plan = () => {
      if (made) return undefined;
      made = true;
      return fault;
    };
  };
  const textOf = async (store: ObjectStore) => {
    const read = await store.get(key);
    return read && Buffer.from(read.bytes).toString();
  };

  describe('a conditional write', () => {
    for (const [fault, outcome, isWritten] of [
      ['error', 'unknown', false],
      ['error-after', 'unknown', true],
      ['slow-down', 'unknown', false],
      ['reset', 'unknown', false],
      ['reset-after', 'unknown', true],
      ['stall', 'unknown', false],
      ['stall-after', 'unknown', true],
    ] as const) {
      test(`that meets "${fault}" is ${outcome}, and is sent once`, async () => {
        proxy.plan = () => undefined;
        const store = failing(fault.startsWith('stall') ? 300 : stallMsMax);
        for (const expected of [undefined, 'swap'] as const) {
          const before = await store.get(key);
          const sent = proxy.requests;
          once(fault);
          const next = bytes(`${expected ?? 'create'}`);
          const result =
            before === undefined
              ? await retrying(store).putIfAbsent(key, next)
              : await retrying(store).compareAndSwap(key, next, before.etag);
          assert.equal(result.outcome, outcome);
          assert.equal(proxy.requests, sent + 1);
          assert.equal(
            await textOf(store),
            isWritten ? next.toString() : before && Buffer.from(before.bytes).toString(),
          );
          if (!isWritten && before === undefined) await store.put(key, next);
        }
      });
    }

    test('that meets another one is refused, or sent again where nothing can be told', async () => {
      const store = failing();
      once('conflict');
      const created = await store.putIfAbsent(key, bytes('a'));
      assert.ok(created.outcome === 'stored');
      once('conflict');
      assert.equal((await store.compareAndSwap(key, bytes('b'), created.etag)).outcome, 'refused');
      assert.equal(await textOf(store), 'a');
      proxy.plan = () => 'conflict';
      assert.equal((await store.putIfAbsent(parseKey('other'), bytes('a'))).outcome, 'unknown');
    });

    test('of a version is refused where the server says that there is no object', async () => {
      const store = failing();
      proxy.plan = () => 'missing';
      const created = await store.putIfAbsent(key, bytes('a'));
      assert.ok(created.outcome === 'stored');
      await store.delete(key);
      assert.equal((await store.compareAndSwap(key, bytes('b'), created.etag)).outcome, 'refused');
    });
  });

  describe('what can be repeated', () => {
    for (const fault of [
      'error',
      'error-after',
      'slow-down',
      'reset',
      'reset-after',
      'cut',
      'stall',
    ] as const) {
      test(`is, after "${fault}"`, async () => {
        const store = retrying(failing(fault === 'stall' ? 300 : stallMsMax));
        once(fault);
        await store.put(key, bytes('0123456789'));
        once(fault);
        assert.equal(await textOf(store), '0123456789');
        once(fault);
        assert.deepEqual(Buffer.from((await store.get(key, { start: 2, end: 4 }))!.bytes), bytes('23'));
        once(fault);
        const listed = await Array.fromAsync(store.list(''));
        assert.deepEqual(
          listed.map((info) => info.key),
          [key],
        );
        once(fault);
        await store.delete(key);
        once(fault);
        assert.equal(await textOf(store), undefined);
      });
    }

    test('ends with words when it is of no use', async () => {
      proxy.plan = () => 'slow-down';
      await assert.rejects(
        new RetryingStore(failing(), { random: systemRandom, sleep: async () => {} }).get(key),
        (error) => hasCode(error, 'storage/unavailable') && /too much to do \(SlowDown\)/.test(error.message),
      );
    });
  });

  describe('a large object', () => {
    const large = Buffer.alloc(40 * 1024 * 1024, 'micelio ');

    test('is uploaded in parts, of which one that fails is sent again', async () => {
      proxy.plan = () => undefined;
      const store = failing(10_000);
      const sent = proxy.requests;
      let failed = false;
      proxy.plan = ({ path }) => {
        if (failed || !path.includes('partNumber=2')) return undefined;
        failed = true;
        return 'reset-after';
      };
      await store.put(key, large);
      assert.equal(proxy.requests - sent, 1 + 3 + 1 + 1);
      const read = await store.get(key);
      assert.ok(read !== undefined && large.equals(read.bytes));
    });

    test('of which a part cannot be sent is not there, and neither are its parts', async () => {
      const store = failing(10_000);
      const aborted: string[] = [];
      proxy.plan = ({ method, path }) => {
        if (method === 'DELETE') aborted.push(path);
        return path.includes('partNumber=2') ? 'error' : undefined;
      };
      await assert.rejects(store.put(key, large), { code: 'storage/unavailable' });
      assert.equal(aborted.length, 1);
      assert.match(aborted[0]!, /uploadId=/);
      assert.equal(await store.get(key), undefined);
    });
  });

  objectStoreConformance(
    'S3Store, when one request in ten fails',
    () => {
      proxy.plan = randomFaults(10, 20_260);
      return { store: new SettlingStore(retrying(failing(400))) };
    },
    { keyConflicts: 'unnoticed' },
  );

  test('in which every fault was made', () => {
    const made = [...proxy.made].filter(([, count]) => count > 0).map(([fault]) => fault);
    assert.equal(made.length, 10, made.join(', '));
  });
});
