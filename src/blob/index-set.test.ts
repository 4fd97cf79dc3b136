import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hash } from '../base/hash.ts';
import { FaultyStore } from '../storage/faulty-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectKey, ObjectStore } from '../storage/object-store.ts';
import { BlobStore } from './blob-store.ts';

const prefix = 'micelio-acme/projects/web';
const hourMs = 60 * 60 * 1000;

/** The store as one process sees it. Its clock stands still unless a test moves it. */
function open(store: ObjectStore, clock = { now: () => 0 }): BlobStore {
  return new BlobStore(store, prefix, { clock });
}

async function write(blobs: BlobStore, text: string): Promise<Hash> {
  const batch = await blobs.openBatch();
  const hash = batch.add(Buffer.from(text));
  await batch.flush();
  return hash;
}

async function indexKeys(store: ObjectStore): Promise<ObjectKey[]> {
  return (await Array.fromAsync(store.list(`${prefix}/index/`))).map(({ key }) => key);
}

function withChanged(store: ObjectStore, changed: Partial<ObjectStore>): ObjectStore {
  return {
    get: (key, range) => store.get(key, range),
    put: (key, bytes) => store.put(key, bytes),
    putIfAbsent: (key, bytes) => store.putIfAbsent(key, bytes),
    compareAndSwap: (key, bytes, expected) => store.compareAndSwap(key, bytes, expected),
    list: (text, options) => store.list(text, options),
    delete: (key) => store.delete(key),
    ...changed,
  };
}

/** A store on which `act` happens once, right behind the listing of the indexes. */
function actAfterListing(store: ObjectStore, act: () => Promise<void>): ObjectStore {
  let done = false;
  return withChanged(store, {
    async *list(text: string) {
      const listed = await Array.fromAsync(store.list(text));
      if (!done && text.includes('/index/')) {
        done = true;
        await act();
      }
      yield* listed;
    },
  });
}

/** Stores `count` packs by processes that know nothing of each other, so that nobody merges the indexes. */
async function writeUnmerged(store: ObjectStore, count: number): Promise<Hash[]> {
  const processes = [open(store), open(store)];
  for (const { indexes } of processes) await indexes.refresh();
  const hashes: Hash[] = [];
  for (let i = 0; i < count; i++) hashes.push(await write(processes[i % 2]!, `object ${i}`));
  return hashes;
}

/** Merges all indexes into one, as a process does in which there are too many. */
async function mergeAll(store: ObjectStore): Promise<void> {
  const { indexes } = open(store);
  await indexes.refresh();
  await indexes.mergeWhereMany(1);
}

describe('the indexes of a store', () => {
  test('are all known when others merge them while they are read', async () => {
    const store = new MemoryStore();
    const hashes = [await write(open(store), 'one'), await write(open(store), 'two')];
    const reader = open(actAfterListing(store, () => mergeAll(store)));
    await reader.indexes.refresh();
    assert.equal((await indexKeys(store)).length, 1);
    for (const hash of hashes) assert.ok(reader.has(hash));
  });

  test('do not come back from the memory of a process that looks while others merge', async () => {
    const store = new MemoryStore();
    const old = await write(open(store), 'collected long ago');
    let now = 0;
    const idle = open(
      actAfterListing(store, () => mergeAll(store)),
      { now: () => now },
    );
    idle.indexes.add((await loaded(store))[0]!);
    for (const key of await indexKeys(store)) await store.delete(key);
    for (const { key } of await Array.fromAsync(store.list(`${prefix}/packs/`))) await store.delete(key);
    await write(open(store), 'one');
    await write(open(store), 'two');
    now += 72 * hourMs;
    // What was collected meanwhile must be written again, not taken for stored.
    await write(idle, 'collected long ago');
    assert.equal((await open(store).get(old)).toString(), 'collected long ago');
  });

  test('are listed again for who asks while an older listing is under way', async () => {
    const store = new MemoryStore();
    await write(open(store), 'early');
    // Two operations to load what there is, one to list again; the next reads the index that is new.
    const slow = new FaultyStore(store, { faults: new Map([[4, 'stall']]) });
    const reader = open(slow);
    await reader.indexes.ensureLoaded();
    await write(open(store), 'new');
    const first = reader.indexes.refresh();
    while (slow.operations < 4) await new Promise((resolve) => setImmediate(resolve));
    const late = await write(open(store), 'late');
    const second = reader.get(late);
    await new Promise((resolve) => setImmediate(resolve));
    slow.release();
    await first;
    assert.equal((await second).toString(), 'late');
  });

  test('of its own are kept by a process that stores while it lists', async () => {
    const store = new MemoryStore();
    await write(open(store), 'early');
    const slow = new FaultyStore(store, { faults: new Map([[2, 'stall']]) });
    const blobs = open(slow);
    const batch = await open(store).openBatch();
    const hash = batch.add(Buffer.from('own'));
    await batch.flush();
    const own = (await loaded(store)).find((index) => index.lookup(Buffer.from(hash, 'hex')))!;
    await store.delete(`${prefix}/index/${own.hash}` as ObjectKey);
    const refresh = blobs.indexes.refresh();
    await new Promise((resolve) => setImmediate(resolve));
    blobs.indexes.add(own);
    slow.release();
    await refresh;
    assert.ok(blobs.has(hash));
  });

  test('are merged by two processes at once without losing an object', async () => {
    const store = new MemoryStore();
    const hashes = await writeUnmerged(store, 40);
    const processes = [open(store), open(store), open(store)];
    await Promise.all(processes.map(({ indexes }) => indexes.refresh()));
    assert.equal((await indexKeys(store)).length, 40);
    for (const blobs of processes.slice(1)) hashes.push(await write(blobs, `of ${hashes.length}`));
    await Promise.all(processes.map(({ indexes }) => indexes.mergeWhereMany()));
    assert.ok((await indexKeys(store)).length < 10);
    for (const blobs of [open(store), ...processes]) for (const hash of hashes) await blobs.get(hash);
  });

  test('have a name of their own each time that they are merged', async () => {
    const store = new MemoryStore();
    await writeUnmerged(store, 2);
    const merging = [open(store).indexes, open(store).indexes];
    for (const indexes of merging) await indexes.refresh();
    for (const indexes of merging) await indexes.mergeWhereMany(1);
    // Had they one name, who deletes the one would delete the other, which others may have merged again since.
    assert.equal(new Set(merging.map(({ all }) => all[0]?.hash)).size, 2);
  });

  test('of long ago are not merged', async () => {
    let now = Date.UTC(2026, 0, 1);
    const clock = { now: () => now };
    const store = new MemoryStore(clock);
    await writeUnmerged(store, 2);
    // It hangs for two hours between listing the indexes and merging them.
    const slow = withChanged(store, {
      async *list(text: string) {
        yield* store.list(text);
        now += 2 * hourMs;
      },
    });
    const { indexes } = open(slow, clock);
    await indexes.refresh();
    await indexes.mergeWhereMany(1);
    assert.equal((await indexKeys(store)).length, 2);
  });

  test('are whole wherever the process that merges them dies', async () => {
    for (let crashAt = 1, died = true; died; crashAt++) {
      const store = new MemoryStore();
      const hashes = await writeUnmerged(store, 33);
      const merging = open(new FaultyStore(store, { crashAt, count: 'writes' })).indexes;
      await merging.refresh();
      died = await merging.mergeWhereMany().then(
        () => false,
        () => true,
      );
      const reader = open(store);
      for (const hash of hashes) await reader.get(hash);
      if (!died) assert.equal(crashAt, 1 + 33 + 1);
    }
  });

  test('that vanish as fast as they are listed end in an error, not in silence', async () => {
    const store = new MemoryStore();
    await write(open(store), 'one');
    const gone = withChanged(store, { get: async () => undefined });
    await assert.rejects(open(gone).indexes.refresh(), { code: 'blob/too-slow' });
  });
});

async function loaded(store: ObjectStore) {
  const { indexes } = open(store);
  await indexes.refresh();
  return indexes.all;
}
