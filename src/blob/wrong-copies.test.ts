import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import type { Hash } from '../base/hash.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { BlobStore } from './blob-store.ts';
import { readFrames, verify } from './bulk-read.ts';
import { decompress } from './compression.ts';

const prefix = 'p';

async function storeWithObjects() {
  const store = new MemoryStore();
  const batch = await new BlobStore(store, prefix).openBatch();
  const objects = new Map<Hash, string>();
  for (let n = 0; n < 60; n++) {
    const text = `${n} `.repeat(20 * (1 + (n % 37) * 4));
    objects.set(batch.add(Buffer.from(text)), text);
  }
  await batch.flush();
  return { store, objects };
}

/** A store behind copies that are damaged, each in its own way, and given wherever their reader does not object. */
function behindWrongCopies(store: MemoryStore, damage: (copy: Buffer) => Buffer) {
  const counts = { taken: 0, refused: 0 };
  const behind: ObjectStore = Object.assign(Object.create(store) as ObjectStore, {
    get: async (...[key, range, check]: Parameters<ObjectStore['get']>) => {
      const object = await store.get(key, range);
      if (object === undefined || check === undefined) return object;
      const copy = damage(Buffer.from(object.bytes));
      if (!check(copy)) counts.refused++;
      else counts.taken++;
      return check(copy) ? { ...object, bytes: copy } : object;
    },
    list: store.list.bind(store),
  });
  return { behind, counts };
}

test('whatever copies are damaged, and however, every object is right', async () => {
  const { store, objects } = await storeWithObjects();
  const damages = fc.record({ at: fc.nat(), bit: fc.nat(7), cut: fc.boolean(), rest: fc.nat(40) });
  let refused = 0;
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(damages),
      fc.shuffledSubarray([...objects.keys()]),
      async (how, hashes) => {
        const { behind, counts } = behindWrongCopies(store, (copy) => {
          const { at, bit, cut, rest } = how.next().value;
          if (cut) return copy.subarray(0, Math.min(rest, copy.length));
          copy[at % copy.length]! ^= 1 << bit;
          return copy;
        });
        const blobs = new BlobStore(behind, prefix);
        for (const hash of hashes) assert.equal((await blobs.get(hash)).toString(), objects.get(hash));
        for await (const { compressed, size, objects: found } of readFrames(blobs, hashes)) {
          const frame = decompress(compressed, size, 'A frame');
          for (const { hash, offset, length } of found) verify(hash, frame.subarray(offset, offset + length));
        }
        refused += counts.refused;
        taken += counts.taken;
      },
    ),
    { numRuns: 40 },
  );
  // A flipped bit leaves what is wanted of a frame right now and then: then the rest of it is wrong, and not believed.
  assert.ok(refused > 100, `${refused} refused`);
  assert.ok(taken > 0, `${taken} taken`);
});

test('a frame of which another object is wrong is read again', async () => {
  const { store, objects } = await storeWithObjects();
  const [first, second] = [...objects.keys()] as [Hash, Hash];
  let asked = 0;
  const { behind } = behindWrongCopies(store, (copy) => {
    if (copy.subarray(0, 6).toString() === 'MICIDX') return copy;
    asked++;
    const frame = zstdDecompressSync(copy);
    frame[frame.indexOf(objects.get(second)!)]! ^= 1;
    return zstdCompressSync(frame);
  });
  const blobs = new BlobStore(behind, prefix);
  assert.equal((await blobs.get(first)).toString(), objects.get(first));
  assert.equal((await blobs.get(second)).toString(), objects.get(second));
  assert.equal(asked, 2);
});
