import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { type Hash, hashOf } from '../base/hash.ts';
import { decompress } from './compression.ts';
import { frameBytesMax, storedFrameBytesMax } from './limits.ts';
import { decodeHints, encodeHints, type HintedObject, hintsOf } from './location-hints.ts';
import { type Location, ownPack } from './pack-index.ts';
import { decodeReferring, encodeReferring } from './referring-object.ts';

const [packA, packB, packC] = ['a', 'b', 'c'].map((name) => hashOf(Buffer.from(name))) as [Hash, Hash, Hash];

/** Frames of three packs, as their writers could have left them. */
const location: fc.Arbitrary<Location> = fc
  .record({
    pack: fc.constantFrom(packA, packB, ownPack),
    start: fc.oneof(fc.nat(1000), fc.nat(2 ** 31)),
    stored: fc.nat(storedFrameBytesMax),
    size: fc.nat(frameBytesMax),
    cut: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
  })
  .map(({ pack, start, stored, size, cut }) => {
    const [offset, end] = cut.map((part) => Math.floor(part * size)).sort((a, b) => a - b) as [
      number,
      number,
    ];
    return { frame: { pack, start, end: start + stored, size }, offset, length: end - offset };
  });

/** Objects whose references often lie in the same frames, one behind the other or not. */
const objects: fc.Arbitrary<HintedObject[]> = fc
  .uniqueArray(location, {
    minLength: 1,
    maxLength: 8,
    selector: ({ frame }) => `${frame.pack}:${frame.start}`,
  })
  .chain((known) => {
    const within = fc.nat(known.length - 1).map((i) => known[i]!);
    const next = within.map(({ frame, offset, length }) => ({
      frame,
      offset: Math.min(offset + length, frame.size),
      length: 0,
    }));
    return fc.array(
      fc.record({
        length: fc.integer({ min: 1, max: 30_000 }),
        references: fc.array(fc.option(fc.oneof(within, next), { nil: undefined }), { maxLength: 30 }),
      }),
      { minLength: 1, maxLength: 10 },
    );
  });

function resolved(references: HintedObject['references'], pack: Hash): HintedObject['references'] {
  return references.map(
    (known) =>
      known && {
        ...known,
        frame: { ...known.frame, pack: known.frame.pack === ownPack ? pack : known.frame.pack },
      },
  );
}

describe('hints', () => {
  test('say of each object what the writer knew', () => {
    fc.assert(
      fc.property(objects, (written) => {
        const encoded = encodeHints(written);
        const isKnown = written.some(({ references }) => references.some((known) => known !== undefined));
        assert.equal(encoded !== undefined, isKnown);
        if (encoded === undefined) return;
        const hints = hintsOf(Buffer.concat([encoded, Buffer.from('a frame')]))!;
        let offset = 0;
        for (const { length, references } of written) {
          assert.deepEqual(decodeHints(hints, packC, offset), resolved(references, packC));
          if (length > 1) assert.equal(decodeHints(hints, packC, offset + 1), undefined);
          offset += length;
        }
      }),
    );
  });

  test('are skipped by who decompresses the frame behind them', () => {
    const bytes = Buffer.from('some nodes');
    const hints = encodeHints([{ length: 10, references: [located(packA)] }])!;
    const stored = Buffer.concat([hints, zstdCompressSync(bytes)]);
    assert.deepEqual(decompress(stored, bytes.length, 'A frame'), bytes);
    assert.equal(hintsOf(zstdCompressSync(bytes)), undefined);
  });

  test('that are any bytes, or changed in any byte, name nothing that could not be a frame', () => {
    const check = (hints: Uint8Array): void => {
      for (const known of decodeHints(hints, packC, 0) ?? []) {
        if (known === undefined) continue;
        const { frame, offset, length } = known;
        assert.ok(frame.start >= 0 && Number.isSafeInteger(frame.end));
        assert.ok(frame.end - frame.start >= 0 && frame.end - frame.start <= storedFrameBytesMax);
        assert.ok(frame.size <= frameBytesMax && offset + length <= frame.size);
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        hintsOf(bytes);
        decodeReferring(bytes);
        check(bytes);
        check(Buffer.concat([Buffer.of(1), bytes]));
      }),
    );
    fc.assert(
      fc.property(objects, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, at, change) => {
        const hints = encodeHints(written)?.subarray(8);
        if (hints === undefined) return;
        hints[at % hints.length]! ^= change;
        check(hints);
        check(hints.subarray(0, at % hints.length));
      }),
    );
  });

  test('that would be larger than a reader takes are left out', () => {
    const references = Array.from({ length: 4000 }, (_, i) => located(hashOf(Buffer.from(`${i}`))));
    assert.equal(encodeHints([{ length: 1, references }]), undefined);
    assert.notEqual(encodeHints([{ length: 1, references: references.slice(0, 2500) }]), undefined);
  });
});

test('the golden vector of docs/formats/packs.md', () => {
  const own = { pack: ownPack, start: 8, end: 27, size: 10 };
  const other = { pack: packA, start: 300, end: 500, size: 1000 };
  const hints = encodeHints([
    {
      length: 100,
      references: [
        { frame: own, offset: 0, length: 5 },
        { frame: own, offset: 5, length: 5 },
      ],
    },
    { length: 60, references: [undefined, { frame: other, offset: 200, length: 40 }] },
  ])!;
  assert.equal(
    hints.toString('hex'),
    [
      '5c2a4d18 5c000000 01', // 92 bytes, version 1
      `02 ${ownPack} ${packA}`,
      '02 00 10 13 0a', // 2 frames: bytes 8 to 27 of this pack, 10 uncompressed …
      '01 d804 c801 e807', // … and bytes 300 to 500 of the other one, 1000 uncompressed
      '02 64 02 3c 02', // 2 objects, of 100 and 60 bytes, with 2 references each
      '01 05 01 05', // the first two, one behind the other, from where a frame begins
      '00 06 c801 28', // an unknown one, and 40 bytes at 200 of the next frame
    ]
      .join('')
      .replaceAll(' ', ''),
  );
  assert.deepEqual(decodeHints(hints.subarray(8), packB, 100), [
    undefined,
    { frame: other, offset: 200, length: 40 },
  ]);
});

test('an object outside of packs comes with its references', () => {
  const bytes = Buffer.from('a node');
  const object = { bytes, references: [undefined, located(packA)] };
  assert.deepEqual(decodeReferring(encodeReferring(object)), object);
  assert.deepEqual(decodeReferring(encodeReferring({ bytes })), { bytes, references: [] });
});

function located(pack: Hash): Location {
  return { frame: { pack, start: 1000, end: 2000, size: 5000 }, offset: 100, length: 50 };
}
