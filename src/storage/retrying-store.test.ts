import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../base/error.ts';
import { systemRandom } from '../base/random.ts';
import type { Fault } from './faulty-store.ts';
import { FaultyStore, SimulatedCrash } from './faulty-store.ts';
import { MemoryStore } from './memory-store.ts';
import { objectStoreConformance } from './object-store.conformance.ts';
import type { ETag, ObjectInfo, ObjectStore } from './object-store.ts';
import { keyConflict, parseKey, StorageError } from './object-store.ts';
import { RetryingStore } from './retrying-store.ts';

const key = parseKey('k');
const bytes = Buffer.from('x');
const options = { random: systemRandom, sleep: async () => {} };
const unavailable = (error: unknown): boolean => hasCode(error, 'storage/unavailable');

objectStoreConformance('RetryingStore', () => {
  // Every other operation that may be repeated fails first.
  const inner = new MemoryStore();
  let calls = 0;
  const failing = async <T>(act: () => Promise<T>): Promise<T> => {
    if (++calls % 2 === 1) throw new StorageError('storage/unavailable', 'Not now.');
    return act();
  };
  const store: ObjectStore = {
    get: (key, range) => failing(() => inner.get(key, range)),
    put: (...parameters) => failing(() => inner.put(...parameters)),
    delete: (...parameters) => failing(() => inner.delete(...parameters)),
    putIfAbsent: (...parameters) => inner.putIfAbsent(...parameters),
    compareAndSwap: (...parameters) => inner.compareAndSwap(...parameters),
    list: (...parameters) => inner.list(...parameters),
  };
  return { store: new RetryingStore(store, { ...options, attemptsMax: 1000 }) };
});

const verbs: Readonly<Record<string, (store: ObjectStore) => Promise<unknown>>> = {
  get: (store) => store.get(key),
  put: (store) => store.put(key, bytes),
  delete: (store) => store.delete(key),
  list: (store) => Array.fromAsync(store.list('')),
};

for (const [name, verb] of Object.entries(verbs)) {
  test(`${name} is tried again, a limited number of times, after longer and longer waits`, async () => {
    for (const [failures, succeeds] of [
      [3, true],
      [4, false],
    ] as const) {
      const limitsMs: number[] = [];
      const faulty = failingTimes('refuse-service', failures);
      const store = new RetryingStore(faulty, {
        random: { bytes: (count) => new Uint8Array(count).fill(255) },
        sleep: async (ms) => {
          limitsMs.push(Math.round(ms));
        },
        attemptsMax: 4,
        backoff: { firstMs: 10, maxMs: 30 },
      });
      if (succeeds) await verb(store);
      else await assert.rejects(verb(store), unavailable);
      assert.equal(faulty.operations, 4);
      assert.deepEqual(limitsMs, [10, 20, 30]);
    }
  });
}

test('a store that has answered is waited for longer than one that never did', async () => {
  for (const [answered, attempts] of [
    [false, 3],
    [true, 7],
  ] as const) {
    let calls = 0;
    let isAway = false;
    const inner: ObjectStore = Object.assign(new MemoryStore(), {
      get: async () => {
        calls++;
        if (isAway) throw new StorageError('storage/unavailable', 'Not now.');
        return undefined;
      },
    });
    const store = new RetryingStore(inner, { ...options, attemptsMax: 3, attemptsMaxOnceAnswered: 7 });
    if (answered) await store.get(key);
    [calls, isAway] = [0, true];
    await assert.rejects(store.get(key), unavailable);
    assert.equal(calls, attempts);
  }
});

test('conditional writes are never repeated', async () => {
  for (const fault of ['lose-request', 'lose-answer'] as const) {
    const inner = failingTimes(fault, 2);
    const store = new RetryingStore(inner, options);
    assert.equal((await store.putIfAbsent(key, bytes)).outcome, 'unknown');
    assert.equal((await store.compareAndSwap(key, bytes, 'tag' as ETag)).outcome, 'unknown');
    assert.equal(inner.operations, 2);
  }
  const refusing = failingTimes('refuse-service', 1);
  await assert.rejects(new RetryingStore(refusing, options).putIfAbsent(key, bytes), unavailable);
  assert.equal(refusing.operations, 1);
});

test('other errors are not worth another attempt', async () => {
  const crashed = new FaultyStore(new MemoryStore(), { crashAt: 1 });
  await assert.rejects(new RetryingStore(crashed, options).put(key, bytes), SimulatedCrash);
  let calls = 0;
  const conflicting: ObjectStore = Object.assign(new MemoryStore(), {
    put: async () => {
      calls++;
      throw keyConflict(key);
    },
  });
  const store = new RetryingStore(conflicting, options);
  await assert.rejects(store.put(key, bytes), (error) => hasCode(error, 'storage/key-conflict'));
  assert.equal(calls, 1);
});

test('a list goes on behind the last key when it breaks', async () => {
  const inner = new MemoryStore();
  for (let n = 0; n < 30; n++) await inner.put(parseKey(`k/${n}`), bytes);
  let breaks = 0;
  const breaking: ObjectStore = Object.assign(new MemoryStore(), {
    async *list(...parameters: Parameters<ObjectStore['list']>): AsyncIterable<ObjectInfo> {
      let given = 0;
      for await (const info of inner.list(...parameters)) {
        if (++given === 4) {
          breaks++;
          throw new StorageError('storage/unavailable', 'The connection broke.');
        }
        yield info;
      }
    },
  });
  const listed = await Array.fromAsync(
    new RetryingStore(breaking, options).list('k/', { after: parseKey('k/1') }),
  );
  assert.deepEqual(listed, await Array.fromAsync(inner.list('k/', { after: parseKey('k/1') })));
  assert.ok(breaks > 5);
});

function failingTimes(fault: Fault, times: number): FaultyStore {
  const faults = new Map(Array.from({ length: times }, (_, at) => [at + 1, fault] as const));
  return new FaultyStore(new MemoryStore(), { faults });
}
