import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Hash, hashOf } from '../base/hash.ts';
import { MeasuredStore } from '../storage/measured-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { BlobError } from './blob-error.ts';
import { BlobStore } from './blob-store.ts';
import { readFrames, verify } from './bulk-read.ts';
import { checkPacks } from './check-packs.ts';
import { decompress } from './compression.ts';
import { addFile, readFileRange, readWholeFile } from './file.ts';
import { pseudoRandomBytes } from './fixtures.ts';
import { hintsOf } from './location-hints.ts';
import type { Location } from './pack-index.ts';

const prefix = 'micelio-acme/projects/web';

/** A store, and processes that share nothing but it. */
function world() {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now };
  const store = new MemoryStore(clock);
  return {
    store,
    pass: (minutes: number) => (now += minutes * 60_000),
    open: (random = 1) => {
      const measured = new MeasuredStore(store);
      const bytes = (count: number) => Buffer.alloc(count, random);
      return { measured, blobs: new BlobStore(measured, prefix, { clock, random: { bytes } }) };
    },
    keys: async (folder: string) =>
      (await Array.fromAsync(store.list(`${prefix}/${folder}/`))).map(({ key }) => key),
  };
}

/** Requests of each verb. */
function requests(measured: MeasuredStore): Record<string, number> {
  const all = Object.entries(measured.snapshot()).map(([verb, { requests }]) => [verb, requests] as const);
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

/** Two blobs, a node that refers to them, and one that refers to that one. */
async function writeFamily(blobs: BlobStore, expects: 'few' | 'many' = 'few') {
  const batch = await blobs.openBatch({ expects });
  const children = [batch.add(Buffer.from('first')), batch.add(Buffer.from('second'))];
  const parent = batch.add(Buffer.from('a parent'), 'node', children);
  const top = batch.add(Buffer.from('its parent'), 'node', [parent]);
  await batch.flush();
  return { children, parent, top };
}

/** Follows the first references from `hash` down, as a tree does. */
async function descend(blobs: BlobStore, levels: readonly (readonly Hash[])[]): Promise<void> {
  for (const [level, hashes] of levels.entries()) {
    const { references } = await blobs.getReferring(hashes[0]!);
    if (references !== undefined) blobs.learn(levels[level + 1] ?? [], references);
  }
}

describe('whoever knows where an object lies', () => {
  test('goes down from it with a request a level, and without the indexes', async () => {
    const { open } = world();
    const { blobs: writer } = open();
    const { children, parent, top } = await writeFamily(writer);
    const { blobs, measured } = open();
    blobs.learn([top], [writer.locate(top)]);
    await descend(blobs, [[top], [parent], children]);
    assert.deepEqual(requests(measured), { get: 3 });
    assert.equal((await blobs.get(children[1]!)).toString(), 'second');
    assert.deepEqual(requests(measured), { get: 3 });
  });

  test('reads a large file from there without the indexes', async () => {
    const { open } = world();
    const { blobs: writer } = open();
    const bytes = pseudoRandomBytes(12_000_000, 1);
    const batch = await writer.openBatch();
    const file = await addFile(batch, bytes);
    await batch.flush();
    const { blobs, measured } = open();
    blobs.learn([file.hash], [writer.locate(file.hash)]);
    assert.deepEqual(await Array.fromAsync(readFileRange(blobs, file, 6_000_000, 6_000_010)), [
      bytes.subarray(6_000_000, 6_000_010),
    ]);
    assert.ok((await readWholeFile(blobs, file)).equals(bytes));
    assert.equal(requests(measured).list, undefined);
  });

  test('reads many at once without the indexes too', async () => {
    const { open } = world();
    const { blobs: writer } = open();
    const { children, parent } = await writeFamily(writer);
    const { blobs, measured } = open();
    blobs.learn(
      children,
      children.map((hash) => writer.locate(hash)),
    );
    assert.deepEqual(await texts(blobs, children), ['first', 'second']);
    assert.deepEqual(requests(measured), { get: 1 });
    assert.deepEqual(await texts(blobs, [...children, parent]), ['first', 'second', 'a parent']);
    assert.equal(requests(measured).list, 1);
  });

  test('finds it by the indexes when its pack is gone', async () => {
    const { open, store, keys } = world();
    const { blobs: writer } = open();
    const { top } = await writeFamily(writer);
    const location = writer.locate(top);
    for (const folder of ['packs', 'index']) for (const key of await keys(folder)) await store.delete(key);
    await writeFamily(open(2).blobs);
    const { blobs } = open();
    blobs.learn([top], [location]);
    assert.equal((await blobs.get(top)).toString(), 'its parent');
    blobs.learn([top], [location]);
    assert.deepEqual(await texts(blobs, [top]), ['its parent']);
  });

  test('finds what was moved without the large indexes', async () => {
    const { open, store, keys } = world();
    const { blobs: writer } = open();
    const large = await writer.openBatch();
    for (let i = 0; i < 30_000; i++) large.add(Buffer.from(`file ${i}`));
    await large.flush();
    const [largeIndex] = await keys('index');
    const { children, parent, top } = await writeFamily(writer);
    const pack = writer.locate(top)!.frame.pack;
    for (const folder of ['packs', 'index'])
      await store.delete((await keys(folder)).find((key) => key.endsWith(pack))!);
    await writeFamily(open(2).blobs);
    const { blobs, measured } = open();
    blobs.learn([top], [writer.locate(top)]);
    await descend(blobs, [[top], [parent], children]);
    assert.deepEqual(requests(measured), { get: 5, list: 1 });
    assert.ok(measured.snapshot().get.bytes < (await store.get(largeIndex!))!.bytes.length / 100);
  });

  test('is told of damage only when the indexes lead to it too', async () => {
    const { open, store, keys } = world();
    const { blobs: writer } = open();
    const { top } = await writeFamily(writer);
    const [key] = await keys('packs');
    const damaged = Buffer.from((await store.get(key!))!.bytes);
    damaged.fill(0, 8, 200);
    await store.put(key!, damaged);
    const { blobs } = open();
    blobs.learn([top], [writer.locate(top)]);
    await assert.rejects(blobs.get(top), { code: 'blob/corrupt' });
    await writeFamily(open(2).blobs);
    const first = (await keys('index')).find((index) => index.endsWith(key!.slice(-64)));
    await store.delete(first!);
    const { blobs: other } = open();
    other.learn([top], [writer.locate(top)]);
    assert.equal((await other.get(top)).toString(), 'its parent');
  });

  test('reads on where hints are damaged, and fsck notices that they are', async () => {
    const { open, store, keys } = world();
    const { blobs: writer } = open();
    const { children, parent, top } = await writeFamily(writer);
    const [key] = await keys('packs');
    const stored = Buffer.from((await store.get(key!))!.bytes);
    const { frame } = writer.locate(parent)!;
    assert.notEqual(hintsOf(stored.subarray(frame.start, frame.end)), undefined);
    for (let at = frame.start; at < frame.start + 50; at++) {
      const damaged = Buffer.from(stored);
      damaged[at]! ^= 0x10;
      await store.put(key!, damaged);
      const { blobs } = open();
      blobs.learn([top], [writer.locate(top)]);
      const reading = descend(blobs, [[top], [parent], children]);
      // In its first eight bytes it is damage of the frame itself.
      if (at < frame.start + 8)
        await reading.catch((error: unknown) => assert.ok(error instanceof BlobError));
      else await reading;
      assert.equal((await checkPacks(blobs)).damage.length, 1, `byte ${at}`);
    }
  });

  test('gets the right bytes or none, wherever hints lead', async () => {
    const { open } = world();
    const { blobs: writer } = open();
    const { children, parent, top } = await writeFamily(writer);
    const all = [...children, parent, top];
    const known = all.map((hash) => writer.locate(hash)!);
    const packs = fc.constantFrom(known[0]!.frame.pack, hashOf(Buffer.from('no such pack')));
    const wild: fc.Arbitrary<Location> = fc.record({
      frame: fc.record({ pack: packs, start: fc.nat(600), end: fc.nat(900), size: fc.nat(100) }),
      offset: fc.nat(50),
      length: fc.nat(50),
    });
    const place = fc.oneof(
      wild.map(({ frame, ...rest }) => ({
        frame: { ...frame, end: Math.max(frame.start, frame.end) },
        ...rest,
      })),
      fc.constantFrom(...known),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: all.length, maxLength: all.length }), async (places) => {
        const { blobs } = open();
        blobs.learn(all, places);
        assert.deepEqual(await texts(blobs, all), ['first', 'second', 'a parent', 'its parent']);
        const { blobs: single } = open();
        single.learn(all, places);
        for (const hash of all) verify(hash, await single.get(hash));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a batch that expects few objects', () => {
  test('costs two requests, and none when there is nothing to write', async () => {
    const { open } = world();
    await writeFamily(open().blobs);
    const { blobs, measured } = open();
    await (await blobs.openBatch({ expects: 'few' })).flush();
    assert.deepEqual(requests(measured), {});
    await writeFamily(blobs);
    assert.deepEqual(requests(measured), { put: 2 });
    await writeFamily(blobs);
    assert.deepEqual(requests(measured), { put: 2 });
  });

  test('believes nothing that it learned long ago', async () => {
    const { open, pass } = world();
    const { blobs, measured } = open();
    await writeFamily(blobs, 'many');
    pass(4);
    await writeFamily(blobs);
    assert.equal(requests(measured).put, 2);
    pass(2);
    await writeFamily(blobs);
    assert.equal(requests(measured).put, 4);
  });

  test('reads the indexes once there is more than a pack of it', async () => {
    const { open } = world();
    const objects = Array.from({ length: 32 }, (_, i) => pseudoRandomBytes(1024 * 1024, i));
    const write = async (blobs: BlobStore) => {
      const batch = await blobs.openBatch({ expects: 'few' });
      for (const object of objects) {
        batch.add(object);
        await batch.backpressure();
      }
      await batch.flush();
      return batch.newObjects;
    };
    assert.equal(await write(open().blobs), 32);
    const { blobs, measured } = open();
    const again = await write(blobs);
    assert.ok(again >= 12 && again < 32, `${again} written again`);
    assert.equal(requests(measured).list, 1);
  });

  test('merges small indexes now and then, also those that it does not know', async () => {
    const { open, keys } = world();
    const random = { bytes: 1 };
    const hashes: Hash[] = [];
    for (let i = 0; i < 40; i++) {
      const { blobs } = open(random.bytes + i * 16);
      const batch = await blobs.openBatch({ expects: 'few' });
      hashes.push(batch.add(Buffer.from(`object ${i}`)));
      await batch.flush();
    }
    assert.equal((await keys('index')).length, 40);
    const { blobs, measured } = open(16);
    await writeFamily(blobs);
    assert.equal((await keys('index')).length, 1);
    assert.deepEqual(requests(measured), { put: 3, list: 1, get: 41, delete: 41 });
    const { blobs: reader } = open();
    for (const hash of hashes) await reader.get(hash);
  });
});

async function texts(blobs: BlobStore, hashes: readonly Hash[]): Promise<string[]> {
  const found: string[] = [];
  for await (const { compressed, size, objects } of readFrames(blobs, hashes)) {
    const frame = decompress(compressed, size, 'A frame');
    for (const { index, hash, offset, length } of objects) {
      const bytes = frame.subarray(offset, offset + length);
      verify(hash, bytes);
      found[index] = bytes.toString();
    }
  }
  return found;
}
