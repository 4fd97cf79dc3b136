import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../base/error.ts';
import type { Fault } from './faulty-store.ts';
import { FaultyStore, SimulatedCrash } from './faulty-store.ts';
import { MemoryStore } from './memory-store.ts';
import { objectStoreConformance } from './object-store.conformance.ts';
import type { ETag, ObjectStore } from './object-store.ts';
import { parseKey } from './object-store.ts';

objectStoreConformance('FaultyStore without faults', () => ({ store: new FaultyStore(new MemoryStore()) }));

const key = parseKey('k');
const bytes = Buffer.from('x');
const unavailable = (error: unknown): boolean => hasCode(error, 'storage/unavailable');

test('counts every operation, or only the writes', async () => {
  for (const [count, expected] of [
    ['all', 6],
    ['writes', 4],
  ] as const) {
    const store = new FaultyStore(new MemoryStore(), { count });
    await store.put(key, bytes);
    await store.get(key);
    await store.putIfAbsent(key, bytes);
    await store.compareAndSwap(key, bytes, 'tag' as ETag);
    for await (const _ of store.list(''));
    await store.delete(key);
    assert.equal(store.operations, expected);
  }
});

test('crashes before or after the operation that was named, and stays dead', async () => {
  for (const when of ['before', 'after'] as const) {
    const inner = new MemoryStore();
    const store = new FaultyStore(inner, { crashAt: 2, when });
    await store.put(key, bytes);
    await assert.rejects(store.put(parseKey('second'), bytes), SimulatedCrash);
    assert.equal((await inner.get(parseKey('second'))) !== undefined, when === 'after');
    await assert.rejects(store.get(key), SimulatedCrash);
    await assert.rejects(store.put(key, bytes), SimulatedCrash);
    await assert.rejects(async () => {
      for await (const _ of store.list(''));
    }, SimulatedCrash);
    assert.equal(store.operations, 2);
  }
});

test('answers nothing that was under way when it crashed', async () => {
  const store = new FaultyStore(new MemoryStore(), { crashAt: 2 });
  const outcomes = await Promise.allSettled([store.put(key, bytes), store.put(key, bytes)]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

test('breaks the connection before or after the operation', async () => {
  for (const [fault, happens] of [
    ['refuse-service', false],
    ['lose-request', false],
    ['lose-answer', true],
  ] as const) {
    const put = onceFaulty(fault);
    await assert.rejects(put.store.put(key, bytes), unavailable);
    assert.equal((await put.inner.get(key)) !== undefined, happens);

    const create = onceFaulty(fault);
    const creating = create.store.putIfAbsent(key, bytes);
    if (fault === 'refuse-service') await assert.rejects(creating, unavailable);
    else assert.equal((await creating).outcome, 'unknown');
    assert.equal((await create.inner.get(key)) !== undefined, happens);
  }
});

test('stalls until it is released', async () => {
  const { store, inner } = onceFaulty('stall');
  const stalled = store.put(key, bytes);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await inner.get(key), undefined);
  store.release();
  await stalled;
  assert.ok(await inner.get(key));
});

function onceFaulty(fault: Fault): { readonly store: FaultyStore; readonly inner: ObjectStore } {
  const inner = new MemoryStore();
  return { inner, store: new FaultyStore(inner, { faults: new Map([[1, fault]]) }) };
}
