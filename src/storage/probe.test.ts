import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemRandom } from '../base/random.ts';
import { FaultyStore } from './faulty-store.ts';
import { MemoryStore } from './memory-store.ts';
import type { ByteRange, ETag, ListOptions, ObjectInfo, ObjectKey, WriteOutcome } from './object-store.ts';
import { probeStore } from './probe.ts';

/** Stores that break one promise each. */
class IgnoresCreateCondition extends MemoryStore {
  override async putIfAbsent(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    await this.put(key, bytes);
    return { outcome: 'stored', etag: (await this.get(key))!.etag };
  }
}

class IgnoresSwapCondition extends MemoryStore {
  override async compareAndSwap(key: ObjectKey, bytes: Uint8Array): Promise<WriteOutcome> {
    await this.put(key, bytes);
    return { outcome: 'stored', etag: (await this.get(key))!.etag };
  }
}

class KnowsNoTag extends MemoryStore {
  override async compareAndSwap(): Promise<WriteOutcome> {
    return { outcome: 'refused' };
  }
}

/** Looks first and writes a moment later. */
class HasRaces extends MemoryStore {
  override async compareAndSwap(key: ObjectKey, bytes: Uint8Array, expected: ETag): Promise<WriteOutcome> {
    if ((await this.get(key))?.etag !== expected) return { outcome: 'refused' };
    await new Promise((resolve) => setImmediate(resolve));
    await this.put(key, bytes);
    return { outcome: 'stored', etag: (await this.get(key))!.etag };
  }
}

class IgnoresRanges extends MemoryStore {
  override get(key: ObjectKey, _range?: ByteRange) {
    return super.get(key);
  }
}

class IgnoresAfter extends MemoryStore {
  override list(prefix: string, _options?: ListOptions): AsyncIterable<ObjectInfo> {
    return super.list(prefix);
  }
}

class ListsBackwards extends MemoryStore {
  override async *list(prefix: string, options?: ListOptions): AsyncIterable<ObjectInfo> {
    yield* (await Array.fromAsync(super.list(prefix, options))).reverse();
  }
}

class NeverDeletes extends MemoryStore {
  override async delete(): Promise<void> {}
}

describe('a probe', () => {
  test('passes a good store, and leaves nothing behind', async () => {
    const store = new MemoryStore();
    const results = await probeStore(store, systemRandom);
    assert.equal(results.length, 9);
    assert.deepEqual(
      results.filter(({ problem }) => problem !== undefined),
      [],
    );
    assert.deepEqual(await Array.fromAsync(store.list('')), []);
  });

  for (const [Store, words] of [
    [IgnoresCreateCondition, /ignores "If-None-Match/],
    [IgnoresSwapCondition, /ignores "If-Match"/],
    [KnowsNoTag, /does not recognise its own tags/],
    [HasRaces, /8 were told that they had/],
    [IgnoresRanges, /bytes 2 to 5/],
    [IgnoresAfter, /ignores "start-after"/],
    [ListsBackwards, /in the order/],
    [NeverDeletes, /can still be read/],
  ] as const) {
    test(`says of one that ${Store.name} what is wrong with it`, async () => {
      const store = new Store();
      const results = await probeStore(store, systemRandom);
      assert.match(results.at(-1)?.problem ?? '', words);
      assert.ok(results.slice(0, -1).every(({ problem }) => problem === undefined));
      if (Store !== NeverDeletes) assert.deepEqual(await Array.fromAsync(store.list('')), []);
    });
  }

  test('says what the store says where it cannot be used', async () => {
    const store = new FaultyStore(new MemoryStore(), { faults: new Map([[3, 'refuse-service']]) });
    const results = await probeStore(store, systemRandom);
    assert.deepEqual(
      results.map(({ problem }) => problem !== undefined),
      [true],
    );
    assert.match(results[0]!.problem!, /does not answer/);
  });
});
