import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Hash, hashOf } from '../base/hash.ts';
import { mergeIndexes } from './merge-indexes.ts';
import { type IndexEntry, PackIndex, packNonceBytes } from './pack-index.ts';

const noNonce = new Uint8Array(packNonceBytes);
const nameOf = (text: string): Hash => hashOf(Buffer.from(text));

/** An object of a small world, in which the same ones lie in several packs and frames. */
const entry = fc.record({ object: fc.nat(30), pack: fc.nat(3), frame: fc.nat(4) }).map(
  ({ object, pack, frame }): IndexEntry => ({
    hash: nameOf(`object ${object}`),
    frame: {
      pack: nameOf(`pack ${pack}`),
      start: frame * 1000,
      end: frame * 1000 + 500,
      size: 4096,
      checksum: frame,
    },
    offset: object,
    length: object * 2,
  }),
);
const entries = fc.uniqueArray(entry, { selector: ({ hash }) => hash, maxLength: 20 });

describe('indexes that are merged', () => {
  test('say what an index that is made of all their entries says', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 5 }), fc.nat(4), (sets, leftOut) => {
        const without = new Set([nameOf(`pack ${leftOut}`)]);
        const first = new Map<Hash, IndexEntry>();
        for (const found of sets.flat()) {
          if (!without.has(found.frame.pack) && !first.has(found.hash)) first.set(found.hash, found);
        }
        const merged = mergeIndexes(
          sets.map((set) => PackIndex.build(set, noNonce)),
          noNonce,
          without,
        );
        if (first.size === 0) assert.equal(merged, undefined);
        else assert.deepEqual(merged?.bytes, PackIndex.build([...first.values()], noNonce).bytes);
      }),
    );
  });

  test('are the same bytes when one is merged with nothing', () => {
    const only = PackIndex.build(
      [
        {
          hash: nameOf('a'),
          frame: { pack: nameOf('p'), start: 8, end: 9, size: 1, checksum: 0 },
          offset: 0,
          length: 1,
        },
      ],
      noNonce,
    );
    assert.equal(mergeIndexes([only], noNonce)?.hash, only.hash);
  });
});
