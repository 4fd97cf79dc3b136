import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CachedStore } from './cached-store.ts';
import { FaultyStore } from './faulty-store.ts';
import { MeasuredStore } from './measured-store.ts';
import { MemoryStore } from './memory-store.ts';
import { objectStoreConformance } from './object-store.conformance.ts';
import type { ObjectKey, ObjectStore, StoredObject } from './object-store.ts';
import { parseKey } from './object-store.ts';

for (const [name, isImmutable] of [
  ['all', () => true],
  ['nothing', () => false],
] as const) {
  objectStoreConformance(`CachedStore that keeps ${name}`, () => ({
    store: new CachedStore(new MemoryStore(), { isImmutable, bytesMax: 1 << 20 }),
  }));
}

const isImmutable = (key: ObjectKey): boolean => key.startsWith('blobs/');
const blob = parseKey('blobs/a');

async function cacheOver(contents: Readonly<Record<string, string | Buffer>>, bytesMax = 1 << 20) {
  const memory = new MemoryStore();
  for (const [key, value] of Object.entries(contents)) await memory.put(parseKey(key), Buffer.from(value));
  const inner = new MeasuredStore(memory);
  const reads = (): number => inner.snapshot().get.requests;
  return { memory, reads, store: new CachedStore(inner, { isImmutable, bytesMax }) };
}

test('reads an immutable object once, also for many who ask at once', async () => {
  const { store, reads } = await cacheOver({ 'blobs/a': 'abc' });
  const all = await Promise.all(Array.from({ length: 20 }, () => store.get(blob)));
  for (const object of [...all, await store.get(blob)]) assert.equal(textOf(object), 'abc');
  assert.equal(reads(), 1);
});

test('reads a mutable object every time', async () => {
  const { store, memory, reads } = await cacheOver({ head: 'one' });
  await store.get(parseKey('head'));
  await memory.put(parseKey('head'), Buffer.from('two'));
  assert.equal(textOf(await store.get(parseKey('head'))), 'two');
  assert.equal(reads(), 2);
});

test('does not keep that there was nothing', async () => {
  const { store, memory } = await cacheOver({});
  assert.equal(await store.get(blob), undefined);
  await memory.put(blob, Buffer.from('abc'));
  assert.equal(textOf(await store.get(blob)), 'abc');
});

test('takes ranges from what it keeps or is about to keep', async () => {
  const { store, reads } = await cacheOver({ 'blobs/a': '0123456789' });
  const range = { start: 2, end: 5 };
  assert.equal(textOf(await store.get(blob, range)), '234');
  assert.equal(textOf(await store.get(blob, range)), '234');
  assert.equal(reads(), 2);
  const [, part] = await Promise.all([store.get(blob), store.get(blob, range)]);
  assert.equal(textOf(part), '234');
  assert.equal(textOf(await store.get(blob, { start: 8, end: 20 })), '89');
  assert.equal(reads(), 3);
});

test('keeps no more than it may, what was used last first', async () => {
  const large = Buffer.alloc(1000);
  const { store, reads } = await cacheOver({ 'blobs/a': large, 'blobs/b': large, 'blobs/c': large }, 3000);
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await store.get(parseKey(`blobs/${key}`));
  assert.equal(reads(), 4);
});

test('reads an object that is larger than the cache', async () => {
  const { store } = await cacheOver({ 'blobs/a': Buffer.alloc(5000, 'x') }, 3000);
  assert.equal((await store.get(blob))?.bytes.length, 5000);
});

test('does not keep a failure', async () => {
  const inner = new MemoryStore();
  await inner.put(blob, Buffer.from('abc'));
  const faulty = new FaultyStore(inner, { faults: new Map([[1, 'refuse-service']]) });
  const store = new CachedStore(faulty, { isImmutable, bytesMax: 1000 });
  await assert.rejects(store.get(blob));
  assert.equal(textOf(await store.get(blob)), 'abc');
});

test('does not keep what was deleted while it was read', async () => {
  const inner = new MemoryStore();
  await inner.put(blob, Buffer.from('abc'));
  const answered = Promise.withResolvers<void>();
  const slow: ObjectStore = Object.assign(new MemoryStore(), {
    get: async (key: ObjectKey) => {
      const object = await inner.get(key);
      await answered.promise;
      return object;
    },
    delete: (key: ObjectKey) => inner.delete(key),
  });
  const store = new CachedStore(slow, { isImmutable, bytesMax: 1000 });
  const read = store.get(blob);
  await store.delete(blob);
  answered.resolve();
  assert.equal(textOf(await read), 'abc');
  assert.equal(await store.get(blob), undefined);
});

function textOf(object: StoredObject | undefined): string | undefined {
  return object && Buffer.from(object.bytes).toString();
}
