import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultyStore } from './faulty-store.ts';
import { MeasuredStore } from './measured-store.ts';
import { MemoryStore } from './memory-store.ts';
import { objectStoreConformance } from './object-store.conformance.ts';
import type { ETag } from './object-store.ts';
import { parseKey } from './object-store.ts';

objectStoreConformance('MeasuredStore', () => ({ store: new MeasuredStore(new MemoryStore()) }));

test('counts requests and bytes, verb by verb', async () => {
  const store = new MeasuredStore(new MemoryStore());
  const key = parseKey('k');
  const before = store.snapshot();
  await store.putIfAbsent(key, Buffer.alloc(10));
  await store.putIfAbsent(key, Buffer.alloc(11));
  await store.compareAndSwap(key, Buffer.alloc(5), 'tag' as ETag);
  await store.put(key, Buffer.alloc(100));
  await store.get(key);
  await store.get(key, { start: 90, end: 200 });
  await store.get(parseKey('absent'));
  await Array.fromAsync(store.list(''));
  await store.delete(key);
  assert.deepEqual(store.snapshot(), {
    get: { requests: 3, bytes: 110 },
    put: { requests: 1, bytes: 100 },
    putIfAbsent: { requests: 2, bytes: 21 },
    compareAndSwap: { requests: 1, bytes: 5 },
    list: { requests: 1, bytes: 0 },
    delete: { requests: 1, bytes: 0 },
  });
  assert.equal(before.get.requests, 0);
});

test('counts requests that fail', async () => {
  const store = new MeasuredStore(new FaultyStore(new MemoryStore(), { crashAt: 1 }));
  await assert.rejects(store.get(parseKey('k')));
  assert.deepEqual(store.snapshot().get, { requests: 1, bytes: 0 });
});
