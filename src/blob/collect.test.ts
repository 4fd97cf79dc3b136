import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Hash } from '../base/hash.ts';
import { HashSet } from '../base/hash-set.ts';
import { FaultyStore, SimulatedCrash } from '../storage/faulty-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { BlobStore } from './blob-store.ts';
import { collectPacks } from './collect.ts';
import type { NeededObjects } from './needed-objects.ts';

const hourMs = 60 * 60 * 1000;
const rules = { graceMs: 24 * hourMs, mode: 'collect', referencesOf: () => [] } as const;

/** A store with a clock of its own, as seen by any number of processes. */
function world() {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now };
  const store = new MemoryStore(clock);
  return {
    store,
    pass: (hours: number) => (now += hours * hourMs),
    open: (other: ObjectStore = store) => new BlobStore(other, 'micelio-acme/projects/web', { clock }),
    /** These objects, as found just now. */
    needing: (...hashes: Hash[]): NeededObjects => {
      const blobs = new HashSet();
      for (const hash of hashes) blobs.add(Buffer.from(hash, 'hex'));
      return { blobs, nodes: new HashSet(), asOfMs: now };
    },
    packKeys: async () =>
      (await Array.fromAsync(store.list('micelio-acme/projects/web/packs/'))).map(({ key }) => key),
    packs: async () => (await Array.fromAsync(store.list('micelio-acme/projects/web/packs/'))).length,
  };
}

async function write(blobs: BlobStore, ...texts: string[]): Promise<Hash[]> {
  const batch = await blobs.openBatch();
  const hashes = texts.map((text) => batch.add(Buffer.from(text)));
  await batch.flush();
  return hashes;
}

describe('a collection', () => {
  test('deletes a pack that nobody needs a grace period after it has condemned it', async () => {
    const { needing, open, pass, packs } = world();
    const [kept] = await write(open(), 'kept');
    const [lost] = await write(open(), 'lost');
    await collectPacks(open(), needing(kept!), rules);
    pass(24);
    assert.equal((await collectPacks(open(), needing(kept!), rules)).condemnedPacks, 1);
    pass(23);
    assert.equal((await collectPacks(open(), needing(kept!), rules)).deletedPacks, 0);
    assert.equal(await packs(), 2);
    pass(1);
    assert.equal((await collectPacks(open(), needing(kept!), rules)).deletedPacks, 1);
    assert.equal(await packs(), 1);
    await open().get(kept!);
    await assert.rejects(open().get(lost!), { code: 'blob/not-found' });
  });

  test('moves the little that is needed out of a pack', async () => {
    const { needing, open, pass } = world();
    const [needed] = await write(open(), 'needed', 'not needed at all, and much longer '.repeat(50));
    pass(25);
    assert.equal((await collectPacks(open(), needing(needed!), rules)).movedObjects, 1);
    pass(25);
    assert.equal((await collectPacks(open(), needing(needed!), rules)).deletedPacks, 1);
    assert.equal((await open().get(needed!)).toString(), 'needed');
  });

  test('leaves a pack alone that holds nothing but the empty file', async () => {
    const { needing, open, pass } = world();
    const [empty] = await write(open(), '');
    for (let round = 0; round < 3; round++) {
      pass(25);
      assert.equal((await collectPacks(open(), needing(empty!), rules)).condemnedPacks, 0);
    }
  });

  test('removes a pack that was stored without its index', async () => {
    const { needing, store, open, pass, packs } = world();
    const blobs = open(new FaultyStore(store, { crashAt: 2, count: 'writes' }));
    await assert.rejects(write(blobs, 'unfinished'), SimulatedCrash);
    assert.equal(await packs(), 1);
    for (let round = 0; round < 2; round++) {
      pass(25);
      await collectPacks(open(), needing(), rules);
    }
    assert.equal(await packs(), 0);
  });
});

describe('a collection that meets what others have left', () => {
  test('takes packs that are gone out of the indexes', async () => {
    const { needing, store, open, packKeys } = world();
    const [kept] = await write(open(), 'kept');
    const [key] = await packKeys();
    await write(open(), 'lost');
    const lost = (await packKeys()).find((other) => other !== key);
    await store.delete(lost!);
    await collectPacks(open(), needing(kept!), rules);
    const blobs = open();
    await blobs.indexes.refresh();
    assert.deepEqual(
      blobs.indexes.all.flatMap(({ packs }) => packs),
      [key!.slice(-64)],
    );
    await blobs.get(kept!);
  });

  test('does not delete a pack that was still leaving the indexes when its collector died', async () => {
    const { needing, store, open, pass, packs } = world();
    await write(open(), 'unused');
    pass(25);
    // It dies with the second write, before it takes the pack out of the index.
    const dying = open(new FaultyStore(store, { crashAt: 2, count: 'writes' }));
    await assert.rejects(collectPacks(dying, needing(), rules), SimulatedCrash);
    pass(25);
    assert.equal((await collectPacks(open(), needing(), rules)).condemnedPacks, 1);
    assert.equal(await packs(), 1);
    pass(25);
    assert.equal((await collectPacks(open(), needing(), rules)).deletedPacks, 1);
  });

  test('goes by when it began to look, however long that took', async () => {
    const { needing, open, pass } = world();
    await write(open(), 'needed soon');
    const before = needing();
    pass(100);
    assert.equal((await collectPacks(open(), before, rules)).condemnedPacks, 0);
  });
});

describe('a writer that built upon a pack just before it was condemned', () => {
  test('is readable at every moment, and the pack comes back', async () => {
    for (let crashAt = 1, died = true; died; crashAt++) {
      const { needing, store, open, pass } = world();
      const [late] = await write(open(), 'unused until now');
      pass(25);
      const writer = open();
      await writer.openBatch();
      const collector = open(new FaultyStore(store, { crashAt, count: 'writes' }));
      died = await collectPacks(collector, needing(), rules).then(
        () => false,
        () => true,
      );
      assert.equal((await write(writer, 'unused until now'))[0], late);
      assert.equal((await open().get(late!)).toString(), 'unused until now', `died at write ${crashAt}`);
      for (let round = 0; round < 4; round++) {
        pass(25);
        await collectPacks(open(), needing(late!), rules);
        await open().get(late!);
      }
    }
  });

  test('is told when it took so long that the pack may be gone', async () => {
    const { open, pass } = world();
    const blobs = open();
    const batch = await blobs.openBatch();
    batch.add(Buffer.from('slow'));
    pass(13);
    await assert.rejects(batch.flush(), { code: 'blob/too-slow' });
  });

  test('reads the indexes again when it begins after a while', async () => {
    const { needing, store, open, pass } = world();
    const [old] = await write(open(), 'collected meanwhile');
    const writer = open();
    await writer.openBatch();
    for (let round = 0; round < 2; round++) {
      pass(25);
      await collectPacks(open(), needing(), rules);
    }
    await write(writer, 'collected meanwhile');
    assert.equal((await open(store).get(old!)).toString(), 'collected meanwhile');
  });
});
